import {
  badRequest,
  budgetsOf,
  disruptionsOf,
  isJsonObject,
  mayBeEvicted,
  PodDisruptionBudgets,
  Pods,
  StatusError,
  type Pod,
  type PodDisruptionBudget,
} from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import type { Target } from "../registry/staged-write.ts";
import type { Answer, Exchange } from "./http-types.ts";
import { readObject } from "./read-body.ts";
import { contextOf, deleteOptionsOf } from "./request-options.ts";
import { notAllowed } from "./respond.ts";

/** Phases in which a Pod serves nobody: it may go whatever budgets say. */
const UNUSED: ReadonlySet<string | undefined> = new Set(["Pending", "Succeeded", "Failed"]);
/** Evictions are judged one after the other: each must see the Pods that those before it left. */
const turns = new WeakMap<Registry, Promise<unknown>>();

/** `POST pods/NAME/eviction` (policy/v1 Eviction), what `kubectl drain` sends: a deletion that PodDisruptionBudgets may refuse. */
export async function serveEviction(exchange: Exchange, target: Target, registry: Registry): Promise<Answer> {
  if (exchange.method !== "POST") throw notAllowed(exchange.method);
  const body = (await readObject(exchange.request)) ?? {};
  if (!isJsonObject(body)) throw badRequest("the body of the request must be one Eviction");
  const { metadata, deleteOptions } = body;
  const named = isJsonObject(metadata) ? metadata["name"] : undefined;
  if (typeof named === "string" && named !== "" && named !== target.name)
    throw badRequest("name in URL does not match name in Eviction object");
  const { options, dryRun } = deleteOptionsOf(isJsonObject(deleteOptions) ? deleteOptions : undefined, exchange.query);
  const context = contextOf(exchange, () => undefined);
  const evict = async () => {
    checkBudgets(registry.get(target) as Pod, registry);
    await registry.delete(target, options, { ...context, dryRun: dryRun || context.dryRun === true });
  };
  const turn = (turns.get(registry) ?? Promise.resolve()).then(evict);
  turns.set(
    registry,
    turn.catch(() => undefined),
  );
  await turn;
  return { status: 201, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" } };
}

function checkBudgets(pod: Pod, registry: Registry): void {
  const { namespace = "", deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined || UNUSED.has(pod.status?.phase)) return;
  const budgets = budgetsOf(pod, registry.list(PodDisruptionBudgets, { namespace }).items as PodDisruptionBudget[]);
  const [budget] = budgets;
  if (!budget) return;
  if (budgets.length > 1)
    throw new StatusError(
      "InternalError",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  const state = disruptionsOf(budget, registry.list(Pods, { namespace }).items as Pod[]);
  if (mayBeEvicted(pod, budget, state)) return;
  const message = `The disruption budget ${budget.metadata.name} needs ${state.desired} healthy pods and has ${state.healthy} currently`;
  throw new StatusError("TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: "DisruptionBudget", message }],
  });
}
