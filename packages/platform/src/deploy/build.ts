import type { Run } from "../operations/run.ts";
import { MovedToApp } from "../operations/engine.ts";
import { planOfImage } from "../compile/version-config.ts";
import { operationError } from "../errors.ts";
import type { BuildProgress } from "@ebb/builder";
import { keepHostKey } from "../git/credentials.ts";
import { gitSource } from "../git/source.ts";
import type { Deps, DeployRequest, GitOrder } from "./context.ts";
import { say } from "../operations/words.ts";

const APP_NAME = /^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/;

/**
 * What is to be deployed: built from the uploaded source, or the image that was named. Remembered, so that it is built once whatever
 * happens later. A source whose ebb.yaml names another app is moved there.
 */
export async function make(deps: Deps, run: Run, request: DeployRequest): Promise<NonNullable<ReturnType<Run["memory"]>["made"]>> {
  if ("image" in request) return { plan: planOfImage(request.image), image: request.image.image, bundle: false };
  if ("git" in request) return run.memory().made ?? (await buildFromGit(deps, run, request.git));
  const made = run.memory().made ?? (await build(deps, run, request.source));
  if (made.plan.name !== run.app) {
    if (request.source.name !== undefined || !APP_NAME.test(made.plan.name)) {
      throw operationError("name_mismatch", `The source names the app ${made.plan.name}, the request ${run.app}`, {
        hint: "A name is a lower-case DNS label of at most 52 characters; give the same one in both.",
      });
    }
    throw new MovedToApp(made.plan.name);
  }
  return made;
}

async function build(deps: Deps, run: Run, source: { upload: string; name?: string; defaultName: string }) {
  if (!(await deps.uploads.exists(source.upload))) {
    throw operationError("source_lost", "The uploaded source is gone", { hint: "Deploy again: the source is sent anew." });
  }
  const { plan, output } = await deps.builder.build({
    archive: deps.uploads.path(source.upload),
    defaultName: source.defaultName,
    ...(source.name === undefined ? {} : { name: source.name }),
    progress: progressOf(run),
    signal: run.signal,
  });
  const made = { plan, image: output.image, bundle: output.kind === "bundle" };
  await run.remember({ made });
  return made;
}

/**
 * The name was said with the address: the repository's ebb.yaml does not change it. Begun again (after a crash, say) it builds the commit that it
 * fetched the first time, whatever was pushed meanwhile: that push has an operation of its own.
 */
async function buildFromGit(deps: Deps, run: Run, order: GitOrder) {
  run.enter("clone", say("clone.looking", { url: order.url }));
  const { source, credential } = await gitSource(deps, run.team, order);
  const { url, ref, folder } = order;
  const commit = run.memory().origin?.commit;
  const { plan, output } = await deps.builder.build({
    git: commit === undefined ? source : { ...source, commit },
    defaultName: run.app,
    name: run.app,
    progress: progressOf(run),
    fetched: async ({ id, author, message, hostKey }) => {
      if (credential && hostKey !== undefined) await keepHostKey(deps.db, credential, hostKey);
      await run.remember({ origin: { commit: id, source: { url, ref, folder, author, message } } });
    },
    signal: run.signal,
  });
  const made = { plan, image: output.image, bundle: output.kind === "bundle" };
  await run.remember({ made });
  return made;
}

/** What is said of a phase that goes on is not its beginning. */
function progressOf(run: Run): BuildProgress {
  return {
    phase: (name, message) => (run.phase === name ? run.say(message) : run.enter(name, message)),
    log: (line) => run.log(line),
  };
}
