import type { RecentRequest } from "@ebb/api";

/** A remembered request as far as it can be sent again: what was not kept of it is left empty (parameters) or out (headers, cookies). */
export function askedAgain({ method, path, query, headers, cookies }: RecentRequest): { method: string; target: string; headers?: string } {
  const parameters = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value ?? "")}`);
  const kept = Object.entries(cookies).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
  const lines = [
    ...Object.entries(headers).flatMap(([name, value]) => (value === null || CONNECTION.has(name) ? [] : [`${name}: ${value}`])),
    ...(kept.length > 0 ? [`cookie: ${kept.join("; ")}`] : []),
  ];
  return {
    method,
    target: parameters.length > 0 ? `${path}?${parameters.join("&")}` : path,
    ...(lines.length > 0 ? { headers: lines.join("\n") } : {}),
  };
}

/** The connection's own, which cannot be set. */
const CONNECTION = new Set(["connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"]);
