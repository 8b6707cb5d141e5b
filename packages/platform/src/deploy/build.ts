import type { Run } from "../operations/run.ts";
import { MovedToApp } from "../operations/engine.ts";
import { planOfImage } from "../compile/version-config.ts";
import { operationError } from "../errors.ts";
import type { Deps, DeployRequest } from "./context.ts";

const APP_NAME = /^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/;

/**
 * What is to be deployed: built from the uploaded source, or the image that was named. Remembered, so that it is built once whatever
 * happens later. A source whose ebb.yaml names another app is moved there.
 */
export async function make(deps: Deps, run: Run, request: DeployRequest): Promise<NonNullable<ReturnType<Run["memory"]>["made"]>> {
  if ("image" in request) return { plan: planOfImage(request.image), image: request.image.image, bundle: false };
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
    progress: { phase: (name, message) => run.enter(name, message), log: (line) => run.log(line) },
    signal: run.signal,
  });
  const made = { plan, image: output.image, bundle: output.kind === "bundle" };
  await run.remember({ made });
  return made;
}
