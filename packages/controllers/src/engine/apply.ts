import { keepTimes, sameJson, type Condition, type Kind, type KubeClient, type KubeObject } from "@ebb/kube";

/** A child as it should be, and as it is. */
export interface Wish<T extends KubeObject = KubeObject> {
  kind: Kind<T>;
  desired: T;
  existing: T | undefined;
}

/**
 * The existing object with the desired spec, labels and annotations; undefined if it has them. Fields of the spec that only the existing
 * one has were filled in by admission and stay.
 */
export function merged<T extends KubeObject>(existing: T, desired: T): T | undefined {
  const { labels = {}, annotations = {} } = desired.metadata;
  const same =
    sameJson(existing.spec, desired.spec) &&
    sameJson(existing.metadata.labels ?? {}, labels) &&
    sameJson(existing.metadata.annotations ?? {}, annotations);
  return same ? undefined : { ...existing, spec: desired.spec, metadata: { ...existing.metadata, labels, annotations } };
}

export async function apply<T extends KubeObject>(client: KubeClient, { kind, desired, existing }: Wish<T>): Promise<void> {
  if (!existing) return void (await client.create(kind, desired));
  const update = merged(existing, desired);
  if (update) await client.update(kind, update);
}

/** Writes the status if it differs; the object is the copy that it was computed from, so a stale one is refused by the server. */
export async function applyStatus<T extends KubeObject>(
  client: Pick<KubeClient, "updateStatus">,
  kind: Kind<T>,
  change: { object: T; status: T["status"] },
): Promise<void> {
  const { object } = change;
  const status = timesKept(object.status, change.status);
  if (sameJson(object.status ?? {}, status ?? {})) return;
  await client.updateStatus(kind, { ...object, status });
}

function timesKept<S>(before: S, after: S): S {
  const conditions = (status: S) => (status as { conditions?: Condition[] } | undefined)?.conditions;
  const wanted = conditions(after);
  return wanted ? { ...after, conditions: keepTimes(conditions(before), wanted) } : after;
}
