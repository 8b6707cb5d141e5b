import type { RouteQuestion } from "@ebb/gateway";
import { badRequest } from "@ebb/kube";

const MOST_HEADERS = 50;
const LONGEST = 16 * 1024;

/**
 * The request that a query describes: `host` (without one, `defaultHost`), `method`, `path`, `header` (`Name: value`, any number),
 * `listener` (`external`, `internal`), `scheme`. Throws BadRequest.
 */
export function questionOf(query: URLSearchParams, defaultHost: string): RouteQuestion {
  const listener = query.get("listener") || "external";
  if (listener !== "external" && listener !== "internal") throw badRequest("listener must be external or internal");
  const path = query.get("path") || "/";
  if (!/^\/[\x21-\x7e]*$/.test(path) || path.length > LONGEST) throw badRequest("path must begin with / and be percent-encoded");
  const method = query.get("method") || "GET";
  if (!/^[A-Z-]{1,32}$/.test(method)) throw badRequest("method must be a method of HTTP, as GET");
  const lines = query.getAll("header");
  if (lines.length > MOST_HEADERS) throw badRequest(`at most ${MOST_HEADERS} headers`);
  return {
    host: query.get("host") || defaultHost,
    method,
    path,
    headers: lines.map(headerOf),
    listener,
    secure: query.get("scheme") === "https",
  };
}

function headerOf(line: string): [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
  if (!match || line.length > LONGEST) throw badRequest("header must be `Name: value`");
  return [match[1] ?? "", match[2] ?? ""];
}
