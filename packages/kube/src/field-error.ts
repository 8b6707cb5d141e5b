/**
 * knative.dev/pkg apis.FieldError: what is wrong with which fields. Its text is a part of Knative's contract: the web hook's denial is
 * matched by people, tests and tools.
 */
interface FieldError {
  message: string;
  paths: readonly string[];
  details?: string;
}
export type FieldErrors = readonly FieldError[];

export function fieldError(message: string, paths: readonly string[], details?: string): FieldErrors {
  return [{ message, paths, ...(details ? { details } : {}) }];
}

export function missingField(...paths: string[]): FieldErrors {
  return fieldError("missing field(s)", paths);
}

export function disallowedFields(...paths: string[]): FieldErrors {
  return fieldError("must not set the field(s)", paths);
}

export function invalidFieldValue(value: unknown, path: string, details?: string): FieldErrors {
  return fieldError(`invalid value: ${String(value)}`, [path], details);
}

export function missingOneOf(...paths: string[]): FieldErrors {
  return fieldError("expected exactly one, got neither", paths);
}

export function multipleOneOf(...paths: string[]): FieldErrors {
  return fieldError("expected exactly one, got both", paths);
}

export function invalidKeyName(key: string, path: string, details?: string): FieldErrors {
  return fieldError(`invalid key name ${JSON.stringify(key)}`, [path], details);
}

/** Bounds are given as Go prints them. */
export function outOfBounds(value: unknown, [lower, upper]: readonly [unknown, unknown], path: string): FieldErrors {
  return fieldError(`expected ${String(lower)} <= ${String(value)} <= ${String(upper)}`, [path]);
}

/** The same errors below `prefix`: `containers`, `[0]` or `spec.template`. */
export function via(prefix: string, errors: FieldErrors): FieldErrors {
  return errors.map((error) => ({ ...error, paths: error.paths.map((path) => join(prefix, path)) }));
}

/** As upstream, only a whole step in brackets stands without a dot: the brackets of a key with dots in it do not. */
function join(prefix: string, path: string): string {
  if (path === "") return prefix;
  return prefix !== "" && /^\[[^.]*\](?:\.|$)/.test(path) ? prefix + path : `${prefix}.${path}`;
}

/** The errors of each item of a list, each below its index. */
export function viaEach<T>(items: readonly T[] | undefined, check: (item: T, index: number) => FieldErrors): FieldErrors {
  return (items ?? []).flatMap((item, index) => via(`[${index}]`, check(item, index)));
}

/** The fields of `value` outside `allowed`, as upstream's CheckDisallowedFields; empty values count as unset, as in Go. */
export function checkAllowed(value: object, allowed: ReadonlySet<string>): FieldErrors {
  const extra = Object.entries(value).filter(([key, item]) => !allowed.has(key) && !isZero(item));
  return extra.length === 0 ? [] : disallowedFields(...extra.map(([key]) => key));
}

function isZero(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === 0 || value === false;
}

/** Errors of the same message and details become one with all their paths; sorted by message, then details. */
export function formatFieldErrors(errors: FieldErrors): string {
  const merged = new Map<string, { message: string; details: string; paths: Set<string> }>();
  for (const { message, paths, details = "" } of errors) {
    const key = `${message}\n${details}`;
    const entry = merged.get(key) ?? { message, details, paths: new Set() };
    for (const path of paths) entry.paths.add(path);
    merged.set(key, entry);
  }
  return [...merged.values()]
    .sort((a, b) => compare(a.message, b.message) || compare(a.details, b.details))
    .map(({ message, details, paths }) => `${message}: ${[...paths].sort(compare).join(", ")}${details ? `\n${details}` : ""}`)
    .join("\n");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
