import type { Operation, Page, Version } from "@ebb/api";
import { versionNumber } from "../compile/names.ts";
import type { Deps } from "../deploy/context.ts";
import { viewVersion, type AppFacts } from "../deploy/views.ts";
import { refuse } from "../errors.ts";
import type { OperationsRequest, PageRequest } from "../http/port.ts";
import { listOperations, toOperation } from "../operations/store.ts";

/** Newest first; a cursor is the name of the last one that was told. */
export function pageOfVersions(facts: AppFacts, { limit, cursor }: PageRequest): Page<Version> {
  const below = cursor === undefined ? Infinity : (versionNumber(cursor) ?? invalidCursor());
  const rows = facts.versions.filter(({ number }) => number < below);
  const items = rows.slice(0, limit).map((version) => viewVersion(facts, version));
  return { items, next: rows.length > limit ? (items.at(-1)?.name ?? null) : null };
}

/** Newest first; a cursor is the number of the last one in the order of all. */
export async function pageOfOperations({ db, clock }: Deps, request: OperationsRequest): Promise<Page<Operation>> {
  const { limit, cursor, team, app, environment: env, partOf: parent, state, by, visible } = request;
  const before = cursor === undefined ? undefined : /^[1-9][0-9]{0,15}$/.test(cursor) ? Number(cursor) : invalidCursor();
  const rows = await listOperations(db, { team, app, env, parent, state, by, before, limit: limit + 1, visible });
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map((row) => toOperation(row, clock.now())), next: last ? String(last.seq) : null };
}

function invalidCursor(): never {
  throw refuse("invalid_request", "This cursor is not one of ours", { hint: "Give the `next` of the page before." });
}
