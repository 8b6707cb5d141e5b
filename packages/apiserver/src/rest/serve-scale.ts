import type { Clock } from "@ebb/base";
import { appliedScale, SCALE, scaleOf, withScale, type KubeObject, type ScalePaths } from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import type { Target } from "../registry/staged-write.ts";
import { representObject, viewFor } from "./represent.ts";
import { ok, type Answer, type Exchange } from "./http-types.ts";
import { APPLY_PATCH, patchOf } from "./patch-request.ts";
import { mediaTypeOf, parseAsJson, parseAsYaml, readObject, readText } from "./read-body.ts";
import { applyOptionsOf, contextOf, refuseForce } from "./request-options.ts";
import { notAllowed } from "./respond.ts";

/** `/scale`: an object's replicas as autoscaling/v1 Scale, so that who scales need not know its kind. */
export async function serveScale(
  exchange: Exchange,
  target: Target,
  paths: ScalePaths,
  { registry, clock }: { registry: Registry; clock: Clock },
): Promise<Answer> {
  const { method, query, request } = exchange;
  const answer = async (object: KubeObject) => {
    const [seen = object] = await registry.inVersion(target.kind, [object]);
    return ok(representObject(SCALE, scaleOf(seen, paths), viewFor(exchange, clock)));
  };
  if (method === "GET") return answer(registry.get(target));
  if (method !== "PUT" && method !== "PATCH") throw notAllowed(method);
  const warnings: string[] = [];
  const context = contextOf(exchange, (text) => warnings.push(text));
  const duplicate = (text: string) => void context.duplicates.push(text);
  if (method === "PATCH" && mediaTypeOf(request) === APPLY_PATCH) {
    const options = applyOptionsOf(query);
    const body = appliedScale(target.kind, parseAsYaml(await readText(request), duplicate), paths, target.name);
    const { object } = await registry.apply(target, { body, ...options }, context, "scale");
    return { ...(await answer(object)), warnings };
  }
  let change: (scale: KubeObject) => unknown;
  if (method === "PUT") {
    const body = await readObject(request, duplicate);
    change = () => body;
  } else {
    refuseForce(query);
    const text = await readText(request);
    change = patchOf(SCALE, mediaTypeOf(request), () => parseAsJson(text, duplicate));
  }
  const transform = (current: KubeObject) => withScale(current, change(scaleOf(current, paths)), paths, target.name);
  return { ...(await answer(await registry.modify(target, transform, context, "scale"))), warnings };
}
