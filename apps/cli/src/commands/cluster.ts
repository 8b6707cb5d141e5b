import type { Cluster, ClusterHosts, CreateCluster } from "@ebb/api";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure, usageError } from "../failure.ts";
import { readNamedFile } from "../named-file.ts";
import { ageOf } from "../output/durations.ts";
import { renderFacts } from "../output/table.ts";

const NAME = { summary: "The cluster", required: true } as const;

export const clusterListCommand = defineCommand({
  name: "cluster list",
  summary: "Lists the clusters that environments may be on, and how each is",
  args: {},
  options: {},
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb cluster list", what: "The platform's own first" }],
  async run(context) {
    const items = await (await context.connect()).listClusters();
    context.output.table({
      data: { items },
      rows: items,
      columns: [
        { header: "NAME", value: ({ name }) => name },
        { header: "STATE", value: ({ state }) => state },
        { header: "VERSION", value: ({ version }) => version ?? "-" },
        { header: "HAS", value: has },
        { header: "ANSWERS IN", value: ({ latencyMs }) => (latencyMs === null ? "-" : `${latencyMs} ms`), align: "right" },
        {
          header: "SEEN",
          value: ({ lastSeen }) => (lastSeen === null ? "never" : ageOf(lastSeen, context.host.clock.now())),
          align: "right",
        },
        { header: "ENVIRONMENTS", value: ({ environments }) => environments.length, align: "right" },
        { header: "APPS", value: ({ apps }) => apps, align: "right" },
        { header: "INSTANCES", value: ({ instances }) => instances, align: "right" },
        { header: "API", wide: true, value: ({ server }) => server },
        { header: "INGRESS", wide: true, value: ({ ingress }) => ingress },
        { header: "WHY", value: ({ message }) => message },
      ],
      empty: "",
    });
  },
});

export const clusterAddCommand = defineCommand({
  name: "cluster add",
  summary: "Adds a cluster with Knative Serving, for environments to be on",
  description: `Then make environments on it: \`ebb env create live --cluster NAME\`. Its credentials are encrypted in the platform's database and never shown again. Of a kubeconfig the current context is taken; it must hold all
that it needs itself (\`kubectl config view --minify --flatten --raw\`), as nothing in it may run a program on the platform's machine or read a file there.
A token is read from EBB_CLUSTER_TOKEN: never from the command line, where other users and the shell's history would see it.`,
  args: { name: { summary: "How it is called from now on", required: true } },
  options: {
    kubeconfig: { kind: "text", placeholder: "FILE", completes: "file", summary: "Its kubeconfig" },
    api: { kind: "text", placeholder: "URL", summary: "Or the address of its API, with a token in EBB_CLUSTER_TOKEN" },
    ca: { kind: "text", placeholder: "FILE", completes: "file", summary: "With --api: the authority of its certificate, in PEM" },
    ingress: { kind: "text", placeholder: "HOST:PORT", summary: "The gateway that its applications are reached through" },
    unchecked: { kind: "flag", summary: "Add it though it does not answer, or has no Knative" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb cluster add eu --kubeconfig eu.yaml --ingress 10.0.0.20:80", what: "By a kubeconfig" },
    { run: "ebb cluster add us --api https://10.1.0.5:6443 --ca us.pem --ingress us.example.com:80", what: "By a ServiceAccount's token" },
  ],
  async run(context, { args, options }) {
    const { ingress, unchecked } = options;
    if (ingress === undefined) throw usageError("no ingress is given", "Name the gateway of its applications: --ingress HOST:PORT.");
    const place = { name: args.name, ingress, ...(unchecked ? { unchecked } : {}) };
    const body = await withCredentials(context, place, options);
    const cluster = await (await context.connect()).createCluster(body);
    context.output.show(cluster, () => lines(context, cluster));
  },
});

export const clusterCheckCommand = defineCommand({
  name: "cluster check",
  summary: "Asks a cluster now how it is; exit code 1 when it is not ready",
  args: { name: NAME },
  options: {},
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb cluster check eu", what: "Whether it answers, how fast, and what it has" }],
  async run(context, { args }) {
    const cluster = await (await context.connect()).checkCluster(args.name);
    context.output.show(cluster, () => lines(context, cluster));
    if (cluster.state !== "ready") throw new Failure(`${cluster.name} is ${cluster.state}: ${cluster.message}`, { exit: EXIT.failed });
  },
});

export const clusterDeleteCommand = defineCommand({
  name: "cluster delete",
  summary: "Forgets a cluster that no environment is on",
  description: "Nothing in the cluster itself is touched.",
  args: { name: NAME },
  options: {},
  uses: "platform",
  examples: [{ run: "ebb cluster delete eu", what: "With its credentials" }],
  async run(context, { args }) {
    await (await context.connect()).deleteCluster(args.name);
    context.output.lines([`${args.name} is forgotten`]);
  },
});

export const clusterHostsCommand = defineCommand({
  name: "cluster hosts",
  summary: "Which hosts a cluster gives to apps, or gives them a domain of their own",
  description: `With --domain: {app}.DOMAIN for the apps that Ebb has there, by Knative's own config-domain (a selector of Ebb's label) and config-network (its domain-template, around the
one that is there). Whatever else is on the cluster keeps the hosts that it has. --plan says what would be changed; --reset takes it back.`,
  args: { name: NAME },
  options: {
    domain: { kind: "text", placeholder: "DOMAIN", summary: "As sls-eu.example.com" },
    reset: { kind: "flag", summary: "The hosts that the cluster gives to everybody" },
    plan: { kind: "flag", summary: "Say what would be changed, and change nothing" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb cluster hosts eu", what: "As they are" },
    { run: "ebb cluster hosts eu --domain sls-eu.example.com --plan", what: "What would be changed" },
  ],
  async run(context, { args, options }) {
    const { domain, reset, plan } = options;
    if (domain !== undefined && reset) throw usageError("--domain and --reset are both given", "Give one of them.");
    if (plan && domain === undefined && !reset) throw usageError("--plan is given alone", "Say of what: --domain DOMAIN or --reset.");
    const client = await context.connect();
    const asks = domain !== undefined || reset;
    const hosts = asks
      ? await client.putClusterHosts(args.name, { domain: domain ?? null, dryRun: plan })
      : await client.getClusterHosts(args.name);
    context.output.show(hosts, () => hostLines(context, hosts, { plan, asks }));
  },
});

function hostLines({ output }: Context, hosts: ClusterHosts, { plan, asks }: { plan: boolean; asks: boolean }): string[] {
  const { domain, template, changes, apps } = hosts;
  const value = (text: string | null) => (text === null ? "nothing" : JSON.stringify(text));
  const said = changes.flatMap(({ configMap, key, before, after }) => [
    `${configMap} ${key}`,
    `  ${plan ? "is" : "was"} ${value(before)}`,
    `  ${plan ? "would be" : "is"} ${value(after)}`,
  ]);
  const nothing = asks && changes.length === 0 ? ["nothing is to be changed"] : [];
  const moved = changes.length > 0 && apps > 0 ? [`the hosts of ${apps} apps on it ${plan ? "would change" : "change"} with it`] : [];
  const facts: [string, string][] = [
    ["domain", domain ?? "the cluster's own"],
    ["template", template],
  ];
  return [...said, ...nothing, ...moved, ...renderFacts(facts, output.style)];
}

function has({ knative, istio }: Cluster): string {
  if (knative === null) return "-";
  return [knative ? "Knative" : "no Knative", ...(istio ? ["Istio"] : [])].join(", ");
}

function lines({ output, host }: Context, cluster: Cluster): string[] {
  const { name, state, message, version, server, ingress, latencyMs, lastSeen } = cluster;
  return renderFacts(
    [
      ["cluster", name],
      ["state", message === "" ? state : `${state}: ${message}`],
      ["api", `${server}${version === null ? "" : `, ${version}`}${latencyMs === null ? "" : `, answers in ${latencyMs} ms`}`],
      ["has", has(cluster)],
      ["ingress", ingress],
      ["seen", lastSeen === null ? "never" : `${ageOf(lastSeen, host.clock.now())} ago`],
    ],
    output.style,
  );
}

async function withCredentials(
  context: Context,
  place: { name: string; ingress: string; unchecked?: true },
  { kubeconfig, api, ca }: { kubeconfig: string | undefined; api: string | undefined; ca: string | undefined },
): Promise<CreateCluster> {
  if ((kubeconfig === undefined) === (api === undefined)) {
    throw usageError("neither or both of --kubeconfig and --api are given", "Give one of them.");
  }
  const read = async (file: string) => (await readNamedFile(context, file)).toString();
  if (kubeconfig !== undefined) return { ...place, kubeconfig: await read(kubeconfig) };
  const token = context.host.env["EBB_CLUSTER_TOKEN"];
  if (token === undefined || token === "") throw usageError("EBB_CLUSTER_TOKEN is not set", "Set it to a token of the cluster.");
  return { ...place, server: api ?? "", token: token.trim(), ...(ca === undefined ? {} : { ca: await read(ca) }) };
}
