import type { Client, LogRecord } from "@ebb/api";
import { REQUEST_STATUSES } from "@ebb/api/client";
import { Type } from "typebox";
import { AT, defineTool, input, TEAM, text, type Tool } from "./tool.ts";

const MOST_LINES = 500;
const USUAL_LINES = 100;
const place = ({ app, environment }: { app: string; environment: string }) => ({ app, env: environment });

/** Tools that only look, explain, and plan. */
export const READ_TOOLS: readonly Tool[] = [
  defineTool({
    name: "list_apps",
    kind: "read",
    description: "All applications that the caller may see, with their state, URL, traffic and instances in each environment.",
    input: input({ team: Type.Optional(text("Of this team alone")) }),
    run: ({ client }, args) => client.listApps(args),
  }),
  defineTool({
    name: "list_environments",
    kind: "read",
    description:
      "A team's environments in the order of its chain, with their policies, freezes, schedules, and whether they are asleep or end by themselves.",
    input: input(TEAM),
    run: ({ client }, { team = "default" }) => client.listEnvironments(team),
  }),
  defineTool({
    name: "list_versions",
    kind: "read",
    description:
      "The versions of an application in an environment, newest first: state, share of the traffic, commit, where they were promoted from.",
    input: input(AT),
    run: ({ client }, args) => client.listVersions(place(args)),
  }),
  defineTool({
    name: "get_repository",
    kind: "read",
    description:
      "The Git repository of an application (an empty url: none), where a push to which branch goes, and what came of the newest pushes.",
    input: input({ app: AT.app }),
    run: ({ client }, { app }) => client.getRepository(app),
  }),
  defineTool({
    name: "get_logs",
    kind: "read",
    description: "The last lines that an application's instances wrote.",
    input: input({
      ...AT,
      version: Type.Optional(text("v3; all otherwise")),
      lines: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_LINES, description: `${USUAL_LINES} otherwise` })),
    }),
    run: ({ client }, { lines = USUAL_LINES, version, ...at }) => collected(client, place(at), { tail: lines, version }),
  }),
  defineTool({
    name: "get_metrics",
    kind: "read",
    description:
      "Requests, errors, latencies and instances of an application over the last hour or since a time, all versions together and each.",
    input: input({ ...AT, from: Type.Optional(text("RFC 3339 in UTC: 2026-11-28T08:00:00Z")) }),
    run: async ({ client }, { from, ...at }) => {
      const { total, versions, ...rest } = await client.metrics(place(at), { from });
      // Points are for charts.
      return { ...rest, total: total.summary, versions: versions.map(({ version, summary }) => ({ version, ...summary })) };
    },
  }),
  defineTool({
    name: "recent_requests",
    kind: "read",
    description:
      "An application's last requests from outside, newest first, as the gateway remembers them: their status, how long they took, and why if no instance answered.",
    input: input({
      ...AT,
      status: Type.Optional(
        Type.Union(
          REQUEST_STATUSES.map((one) => Type.Literal(one)),
          { description: "failed: 5xx, and answers that broke off" },
        ),
      ),
      version: Type.Optional(text("v3; all otherwise")),
    }),
    run: ({ client }, { status, version, ...at }) => client.recentRequests(place(at), { status, version }),
  }),
  defineTool({
    name: "get_usage",
    kind: "read",
    description: "What applications used in instance-hours and money, against instances that are always kept.",
    input: input({
      team: Type.Optional(text("Of this team alone")),
      app: Type.Optional(text("Of this application alone")),
      from: Type.Optional(Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\d$", description: "First day, UTC; 29 days ago otherwise" })),
    }),
    run: ({ client }, args) => client.usage(args),
  }),
  defineTool({
    name: "get_operation",
    kind: "read",
    description: "A deployment or another change: its phases, and when it failed, why, with the last log lines.",
    input: input({ id: text("As the change or list_operations told it") }),
    run: ({ client }, { id }) => client.getOperation(id),
  }),
  defineTool({
    name: "list_operations",
    kind: "read",
    description: "The last changes, newest first, also those that wait for somebody's approval.",
    input: input({ app: Type.Optional(text("Of this application alone")), environment: Type.Optional(text("In this environment alone")) }),
    run: async ({ client }, args) => (await client.listOperations({ ...args, limit: 20 })).items,
  }),
  defineTool({
    name: "explain_request",
    kind: "read",
    description: "Which version a request would reach, by which traffic rule, and why the rules before it did not fit. Nothing is sent.",
    input: input({
      ...AT,
      method: Type.Optional(text("GET otherwise")),
      path: Type.Optional(text("/ otherwise")),
      headers: Type.Optional(Type.Array(text("Name: value"), { maxItems: 50 })),
    }),
    run: ({ client }, { method, path, headers = [], ...at }) => client.explain(place(at), { method, path, headers }),
  }),
  defineTool({
    name: "explain_scaling",
    kind: "read",
    description: "The autoscaler's last decisions on an application with their inputs and reasons: why it runs so many instances, or none.",
    input: input(AT),
    run: ({ client }, args) => client.decisions(place(args), { limit: 20 }),
  }),
  defineTool({
    name: "diff_versions",
    kind: "read",
    description: "What differs between two versions of an application, also of two environments.",
    input: input({
      ...AT,
      from: text("v3"),
      to: text("v4, in `environment`"),
      fromEnvironment: Type.Optional(text("Where `from` is a version; `environment` otherwise")),
    }),
    run: ({ client }, { from, to, fromEnvironment, ...at }) => client.diffVersions(place(at), { from, to, fromEnvironment }),
  }),
  defineTool({
    name: "plan_variables",
    kind: "read",
    description:
      "What a change of an application's variables would do: the new version's configuration against the present one, and how many must approve. Nothing is changed; set_variables does it.",
    input: input({
      ...AT,
      variables: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), { description: "null takes one away" }),
    }),
    run: ({ client }, { variables, ...at }) => client.planConfiguration(place(at), { variables }),
  }),
];

async function collected(
  client: Client,
  at: ReturnType<typeof place>,
  query: { tail: number; version: string | undefined },
): Promise<LogRecord[]> {
  const lines: LogRecord[] = [];
  for await (const line of client.logs(at, query)) lines.push(line);
  return lines.slice(-query.tail);
}
