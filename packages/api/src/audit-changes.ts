/** What a row of the audit trail changed, a setting a line; null: it was not there, or is not any more. */
export interface AuditChange {
  path: string;
  from: string | null;
  to: string | null;
}

/** Of a row's `before` and `after`, only what differs; what both have alike says nothing of the change. */
export function auditChanges({ before, after }: { before: unknown; after: unknown }): AuditChange[] {
  const [from, to] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...from.keys(), ...to.keys()])]
    .sort()
    .map((path) => ({ path, from: from.get(path) ?? null, to: to.get(path) ?? null }))
    .filter((change) => change.from !== change.to);
}

/** Which operation of its object a row is about, and where: both sides have the environment, so that no change shows it. */
export function auditAbout({ after }: { after: unknown }): string {
  const { kind, environment } = (after ?? {}) as { kind?: unknown; environment?: unknown };
  if (typeof kind !== "string") return "";
  return typeof environment === "string" ? `${kind} in ${environment}` : kind;
}

/** Objects by their paths; lists as a whole, as an entry that moves up has not changed. */
function leavesOf(value: unknown, path = ""): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== "object" || Array.isArray(value))
    return new Map([[path, typeof value === "string" ? value : JSON.stringify(value)]]);
  return new Map(Object.entries(value).flatMap(([key, item]) => [...leavesOf(item, path === "" ? key : `${path}.${key}`)]));
}
