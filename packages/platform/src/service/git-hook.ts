import type { Delivery, DeployGit, HookAnswer, Operation } from "@ebb/api";
import { EbbError, previewName } from "@ebb/base";
import { getApp, listPlaces } from "../apps/store.ts";
import type { DeployRequest, GitOrder } from "../deploy/context.ts";
import { policiesOf } from "../environments/policies.ts";
import { getEnvironment, listEnvironments } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import { decidePush, isSigned, readPush, type Decision, type Push } from "../git/hook.ts";
import { addDelivery, rulesOf, type RepositoryRow } from "../git/repositories.ts";
import type { HookDelivery } from "../http/port.ts";
import { unfinishedOperations } from "../operations/store.ts";
import type { Vault } from "../secrets/vault.ts";
import type { GitOptions } from "./git.ts";
import { createPreview, deletePreview } from "./previews.ts";

/** Whose name stands at what a push has begun. */
const PUSH = "git push";
/** Signed with what nobody has: an app that is not there takes as long to refuse. */
const NO_SECRET = "no secret";
const identityOf = (app: string) => ["git hook", app];

export async function sealHookSecret(vault: Vault, { team, app, secret }: { team: string; app: string; secret: string }): Promise<string> {
  return (await vault.seal(team, identityOf(app), secret)).sealed;
}

/** Undefined: there is none yet. */
export async function hookSecret(vault: Vault, team: string, { app, hook_sealed }: RepositoryRow): Promise<string | undefined> {
  return hook_sealed === "" ? undefined : vault.open(team, identityOf(app), hook_sealed);
}

interface HookDeps extends GitOptions {
  deploy: (body: DeployGit, user: string) => Promise<Operation>;
}

/**
 * Does what a push asks for, and keeps what came of it. The branch is deployed as it is when its turn comes, not the commit that the push
 * names: one that is sent again, or late, brings nothing old back. Only where it waits for approval it is that commit. Throws `hook_refused`.
 */
export async function receivePush(
  deps: HookDeps,
  row: RepositoryRow | undefined,
  secret: string | undefined,
  { headers, body }: HookDelivery,
): Promise<HookAnswer> {
  const signed = isSigned(headers, body, secret ?? NO_SECRET) && secret !== undefined;
  const push = signed ? readPush(headers, body) : undefined;
  if (!row || !signed || !push) {
    throw refuse("hook_refused", "This delivery is not signed with the secret of the app's webhook, or it is not JSON of a Git server", {
      hint: "Make a new secret with `ebb repo hook APP`, and send JSON (application/json).",
    });
  }
  const rules = { path: new URL(row.url).pathname, rules: rulesOf(row), previewHours: row.preview_hours };
  const done = await act(deps, row, push, decidePush(rules, push));
  const { outcome, message, operation } = done;
  const { provider, branch, commit } = push;
  const time = new Date(deps.deps.clock.now()).toISOString();
  await addDelivery(deps.deps.db, row.app, { time, provider, branch, commit, ...done });
  return { outcome, message, operation };
}

type Done = Pick<Delivery, "outcome" | "message" | "environment" | "operation">;

/** A refusal is an answer, too: a Git server that is told of an error switches the webhook off in the end. */
async function act(deps: HookDeps, row: RepositoryRow, push: Push, decision: Decision): Promise<Done> {
  if (decision.do === "nothing") return { outcome: "ignored", message: decision.why, environment: null, operation: null };
  try {
    if (decision.do === "remove") return await removePreview(deps, row.app, push);
    if (decision.do === "deploy") return await deployBranch(deps, row, push, decision.environment);
    const { team } = await getApp(deps.deps.db, row.app);
    const name = previewName(push.branch);
    await createPreview(deps.environments, deps.places, team, { name, branch: push.branch, ttlHours: decision.hours });
    return await deployBranch(deps, row, push, name);
  } catch (error) {
    if (!(error instanceof EbbError) || error.kind !== "user") throw error;
    return { outcome: "refused", message: error.message, environment: null, operation: null };
  }
}

async function deployBranch(deps: HookDeps, row: RepositoryRow, { branch, commit }: Push, environment: string): Promise<Done> {
  const { db } = deps.deps;
  const { approvals } = policiesOf(await getEnvironment(db, (await getApp(db, row.app)).team, environment));
  // What people approve is what they could look at, whatever is pushed meanwhile.
  const ref = approvals > 0 && commit !== "" ? commit : branch;
  const waiting = await waitingDeploy(deps, { app: row.app, env: environment }, { url: row.url, ref, folder: row.folder });
  if (waiting !== undefined) {
    return { outcome: "deployed", message: `A deploy of ${branch} waits already, and will have it`, environment, operation: waiting };
  }
  const operation = await deps.deploy({ name: row.app, environment, ref }, PUSH);
  return { outcome: "deployed", message: `${branch} goes to ${environment}`, environment, operation: operation.id };
}

/** One that has not begun will fetch the branch as it is then. */
async function waitingDeploy(
  { deps: { db } }: HookDeps,
  { app, env }: { app: string; env: string },
  order: GitOrder,
): Promise<string | undefined> {
  const { team } = await getApp(db, app);
  const rows = await unfinishedOperations(db, { team, app });
  return rows.find((row) => {
    if (row.kind !== "deploy" || row.env !== env || row.app !== app || row.created_by !== PUSH || row.state === "running") return false;
    const request = JSON.parse(row.request_json) as DeployRequest;
    return "git" in request && request.git.url === order.url && request.git.ref === order.ref && request.git.folder === order.folder;
  })?.id;
}

/** Another app may be in the preview of the same branch: then it is only this one that leaves it. */
async function removePreview(deps: HookDeps, app: string, { branch }: Push): Promise<Done> {
  const { db } = deps.deps;
  const { team } = await getApp(db, app);
  const preview = (await listEnvironments(db, team)).find(
    (row) => row.expires_at !== null && row.name === previewName(branch) && ["", branch].includes(row.branch),
  );
  const places = preview ? await listPlaces(db, { team, env: preview.name }) : [];
  if (!preview || !places.some((place) => place.app === app)) {
    return { outcome: "ignored", message: `The branch ${branch} is gone, and had no preview`, environment: null, operation: null };
  }
  const alone = places.length === 1;
  const operation = alone
    ? await deletePreview(deps.environments, deps.places, { team, env: preview.name }, PUSH)
    : await deps.places.delete({ team, app, env: preview.name }, PUSH);
  const message = alone ? `The preview ${preview.name} is deleted` : `${app} is deleted in the preview ${preview.name}`;
  return { outcome: "removed", message, environment: preview.name, operation: operation.id };
}
