import { PutRepository } from "@ebb/api";
import { Type } from "typebox";
import { AT, defineTool, input, TEAM, text, type Tool } from "./tool.ts";

const place = ({ app, environment }: { app: string; environment: string }) => ({ app, env: environment });
const VARIABLES = Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), { description: "null takes one away" });
const NEEDS = "Takes the caller's right, and waits for approval where the environment asks for it (state `waiting`).";

/**
 * Tools that change something, as operations that say how they ended. Approving is not among them: it is a person's word that another's change is
 * right. Nor is deleting an application or an environment that stays, nor anything with a secret's value.
 */
export const ACT_TOOLS: readonly Tool[] = [
  defineTool({
    name: "deploy_image",
    kind: "act",
    description: `Deploys a container image as a new version, which gets the traffic once it has answered. ${NEEDS}`,
    input: input({
      ...AT,
      image: text("registry/name:tag or @sha256:…"),
      noTraffic: Type.Optional(Type.Boolean({ description: "Only give it a preview URL" })),
    }),
    run: async ({ client, settle }, { app, ...rest }) => settle(await client.deployImage({ name: app, ...rest })),
  }),
  defineTool({
    name: "deploy_git",
    kind: "act",
    description: `Builds a revision of a Git repository and deploys it as a new version. Without url and folder it is the application's own repository (get_repository). ${NEEDS}`,
    input: input({
      ...AT,
      ref: Type.Optional(text("A branch, a tag or a whole commit; where HEAD is otherwise")),
      url: Type.Optional(text("https://HOST/PATH, ssh://git@HOST/PATH or git@HOST:PATH, without a password")),
      folder: Type.Optional(text("Of the repository; all of it otherwise")),
      noTraffic: Type.Optional(Type.Boolean({ description: "Only give it a preview URL" })),
    }),
    run: async ({ client, settle }, { app, ...rest }) => settle(await client.deployGit({ name: app, ...rest })),
  }),
  defineTool({
    name: "link_repository",
    kind: "act",
    description:
      "Says which Git repository an application has and where a push to a branch is deployed; what is left out stays. For administrators of the team. Its webhook's secret is made by a person: ebb repo hook.",
    input: input({
      app: AT.app,
      url: PutRepository.properties.url,
      folder: PutRepository.properties.folder,
      rules: PutRepository.properties.rules,
      previewHours: PutRepository.properties.previewHours,
    }),
    run: ({ client }, { app, ...body }) => client.putRepository(app, body),
  }),
  defineTool({
    name: "promote",
    kind: "act",
    description: `Brings the artifact of a version from one environment into another, with that one's configuration. ${NEEDS}`,
    input: input({
      ...AT,
      from: text("The environment that it comes from"),
      version: Type.Optional(text("v3 there; what serves otherwise")),
    }),
    run: async ({ client, settle }, { from, version, ...at }) =>
      settle(await client.promote(place(at), { from, ...(version === undefined ? {} : { version }) })),
  }),
  defineTool({
    name: "rollback",
    kind: "act",
    description: `Gives all of the traffic to the version that served before, or to a named one. ${NEEDS}`,
    input: input({ ...AT, to: Type.Optional(text("v3; the one before otherwise")) }),
    run: async ({ client, settle }, { to, ...at }) => settle(await client.rollback(place(at), to === undefined ? {} : { to })),
  }),
  defineTool({
    name: "restart",
    kind: "act",
    description: `Starts what serves anew, as a version of its own with the configuration that there is now. ${NEEDS}`,
    input: input(AT),
    run: async ({ client, settle }, at) => settle(await client.restart(place(at))),
  }),
  defineTool({
    name: "set_traffic",
    kind: "act",
    description: `Splits the traffic among versions. Traffic rules stay. ${NEEDS}`,
    input: input({
      ...AT,
      targets: Type.Array(input({ version: text("v3"), percent: Type.Integer({ minimum: 0, maximum: 100 }) }), {
        minItems: 1,
        maxItems: 32,
        description: "Add up to 100",
      }),
    }),
    run: async ({ client, settle }, { targets, ...at }) => settle(await client.setTraffic(place(at), { targets })),
  }),
  defineTool({
    name: "set_variables",
    kind: "act",
    description: `Changes variables of an application in an environment, which makes a new version. Look with plan_variables first. Never put a secret there. ${NEEDS}`,
    input: input({ ...AT, variables: VARIABLES }),
    run: async ({ client, settle }, { variables, ...at }) => settle(await client.patchConfiguration(place(at), { variables })),
  }),
  defineTool({
    name: "sleep_environment",
    kind: "act",
    description: `Lets all applications of an environment sleep until it is woken. ${NEEDS}`,
    input: input({ ...TEAM, environment: AT.environment }),
    run: async ({ client, settle }, { team = "default", environment }) => settle(await client.sleepEnvironment(team, environment)),
  }),
  defineTool({
    name: "wake_environment",
    kind: "act",
    description: "Wakes an environment: everything is as it was before it slept.",
    input: input({ ...TEAM, environment: AT.environment }),
    run: async ({ client, settle }, { team = "default", environment }) => settle(await client.wakeEnvironment(team, environment)),
  }),
  defineTool({
    name: "create_preview",
    kind: "act",
    description: "Makes an environment that deletes itself, or lets one live on; deploy to it by its name.",
    input: input({
      ...TEAM,
      name: text("A DNS label of at most 20 characters"),
      branch: Type.Optional(text("What it shows")),
      ttlHours: Type.Number({ minimum: 0.1, maximum: 720 }),
    }),
    run: ({ client }, { team = "default", ...body }) => client.createPreview(team, body),
  }),
  defineTool({
    name: "cancel_operation",
    kind: "act",
    description: "Stops a change that has not begun to move traffic.",
    input: input({ id: text("Of the operation") }),
    run: ({ client }, { id }) => client.cancelOperation(id),
  }),
];
