import type { Json } from "./patch.ts";

type IdOf = (item: Json) => Json | undefined;

/**
 * A merged list in the order of k8s.io/apimachinery strategicpatch: what `order` names is in its order, all else in that of `before`. The two
 * are joined by `before` as far as it knows both; what it does not know comes first, so that a patch that adds an item puts it in front.
 */
export function mergeInOrder(
  merged: readonly Json[],
  { order, before, idOf }: { order: readonly Json[]; before: readonly Json[]; idOf: IdOf },
): Json[] {
  const [wanted, known] = [placesOf(order, idOf), placesOf(before, idOf)];
  const right = sorted(
    merged.filter((item) => wanted.has(idOf(item))),
    wanted,
    idOf,
  );
  const left = sorted(
    merged.filter((item) => !wanted.has(idOf(item))),
    known,
    idOf,
  );
  const result: Json[] = [];
  for (const item of right) {
    const place = known.get(idOf(item));
    while (place !== undefined && left.length > 0 && isBefore(known.get(idOf(left[0] ?? null)), place)) result.push(left.shift() ?? null);
    result.push(item);
  }
  return [...result, ...left];
}

function isBefore(place: number | undefined, other: number): boolean {
  return place !== undefined && place < other;
}

function placesOf(items: readonly Json[], idOf: IdOf): Map<Json | undefined, number> {
  return new Map(items.map((item, place) => [idOf(item), place]));
}

function sorted(items: Json[], places: ReadonlyMap<Json | undefined, number>, idOf: IdOf): Json[] {
  const placeOf = (item: Json) => places.get(idOf(item)) ?? places.size;
  return items.sort((a, b) => placeOf(a) - placeOf(b));
}
