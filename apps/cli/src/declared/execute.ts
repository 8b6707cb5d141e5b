import { assertNever } from "@ebb/base";
import type { AccessEntry, Client, Operation } from "@ebb/api";
import type { Step } from "./plan.ts";

/** Does one step; what goes on afterwards are operations, which are to be waited for. */
export async function execute(client: Client, team: string, step: Step): Promise<Operation[]> {
  switch (step.do) {
    case "team":
      return nothing(client.patchTeam(team, step.change));
    case "member":
      return nothing(step.role === null ? client.removeMember(team, step.user) : client.setMember(team, step.user, step.role));
    case "create environment":
      return nothing(client.createEnvironment(team, step.environment));
    case "environment":
      return nothing(client.patchEnvironment(team, step.name, step.change));
    case "delete environment":
      return [await client.deleteEnvironment(team, step.name)];
    case "create app":
      return nothing(client.createApp({ name: step.name, team, ...step.about }));
    case "app":
      return nothing(client.patchApp(step.name, step.change));
    case "delete app":
      return [await client.deleteApp(step.name)];
    case "repository":
      return nothing(step.git === null ? client.deleteRepository(step.app) : client.putRepository(step.app, step.git));
    case "layer":
      return (await client.patchLayer({ team, env: step.env }, step.patch)).operations;
    case "variables":
      return [await client.patchConfiguration(step, step.patch)];
    case "host":
      return [await client.patchAppEnvironment(step, { host: step.host })];
    case "scaling":
      return nothing(client.patchScaling(step, step.scaling));
    case "rules":
      return [await setRules(client, step)];
    case "guard":
      return nothing(setGuard(client, step));
    case "add domain":
      return nothing(client.addDomain(step, { name: step.name, ...step.as }));
    case "domain":
      return nothing(client.patchDomain(step, step.name, step.change));
    case "remove domain":
      return nothing(client.removeDomain(step, step.name));
    default:
      return assertNever(step);
  }
}

/** With the split that there is. */
async function setRules(client: Client, step: Extract<Step, { do: "rules" }>): Promise<Operation> {
  const { traffic } = await client.getAppEnvironment(step);
  return client.setTraffic(step, { targets: traffic, rules: step.rules });
}

/** With the entries that end by themselves, which no file states: somebody keeps something out for an hour. */
async function setGuard(client: Client, { app, env, guard }: Extract<Step, { do: "guard" }>): Promise<unknown> {
  const place = { app, env };
  const { deny, allow } = await client.getTrafficPolicy(place);
  const passing = (entries: AccessEntry[]) => entries.filter(({ until }) => until !== undefined);
  return client.patchTrafficPolicy(place, {
    ...guard,
    ...(guard.deny ? { deny: [...guard.deny, ...passing(deny)] } : {}),
    ...(guard.allow ? { allow: [...guard.allow, ...passing(allow)] } : {}),
  });
}

async function nothing(done: Promise<unknown>): Promise<Operation[]> {
  await done;
  return [];
}
