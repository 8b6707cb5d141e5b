import type { Answer } from "./http-types.ts";
import { noSuchResource } from "./respond.ts";

const ROOTS: ReadonlySet<string> = new Set(["healthz", "livez", "readyz"]);
/** The one check there is: that the server answers. It listens only once its store is open, and ends when that fails. */
const CHECK = "ping";
const TEXT = "text/plain; charset=utf-8";

/** Paths that need no token: they tell nothing but that the server is there. */
export function isPublic(path: readonly string[]): boolean {
  return ROOTS.has(path[0] ?? "");
}

/** `/livez`, `/livez/ping`, `/livez?verbose`, as k8s.io/apiserver pkg/server/healthz answers. Throws NotFound for a check that there is not. */
export function health([root = "", ...checks]: readonly string[], query: URLSearchParams): Answer {
  if (checks.length > 1 || (checks[0] ?? CHECK) !== CHECK) {
    throw noSuchResource();
  }
  const excluded = query.getAll("exclude").includes(CHECK);
  const line = excluded ? `[+]${CHECK} excluded: ok` : `[+]${CHECK} ok`;
  const verbose = query.has("verbose") && checks.length === 0;
  return { status: 200, body: verbose ? `${line}\n${root} check passed\n` : "ok", contentType: TEXT };
}
