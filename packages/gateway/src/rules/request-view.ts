import type { Peer } from "../core/ports.ts";
import type { RequestHead } from "../http1/heads.ts";

/** What rules read of a request, each part worked out when it is first asked for. */
export class RequestView {
  readonly request: RequestHead;
  readonly client: Peer;
  #path: string | undefined;
  #query: URLSearchParams | undefined;

  constructor(request: RequestHead, client: Peer) {
    this.request = request;
    this.client = client;
  }

  /** Without the query. */
  get path(): string {
    return (this.#path ??= pathOf(this.request.target));
  }

  get scheme(): string {
    return this.client.secure ? "https" : "http";
  }

  queryParam(name: string): string | undefined {
    this.#query ??= new URLSearchParams(queryOf(this.request.target));
    return this.#query.get(name) ?? undefined;
  }

  /** By its lower-case name; several of one name are joined with commas, as Envoy does before it compares. */
  header(name: string): string | undefined {
    const { request } = this;
    const { remoteAddress } = this.client;
    switch (name) {
      case ":authority":
      case "host":
        return request.authority;
      case ":path":
        return request.target;
      case ":method":
        return request.method;
      case ":scheme":
      case "x-forwarded-proto":
        return this.scheme;
      case "x-forwarded-for":
        return request.forwardedFor === "" ? remoteAddress : `${request.forwardedFor}, ${remoteAddress}`;
      case "content-length":
        return request.framing === "length" ? String(request.length) : undefined;
      case "upgrade":
        return request.upgrade === "" ? undefined : request.upgrade;
      default:
        return fieldValue(request.fields, name);
    }
  }
}

export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

/** With its `?`, or "". */
export function queryOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? "" : target.slice(query);
}

/** The value of a header in a text of field lines, found without taking the text apart. */
export function fieldValue(fields: string, name: string): string | undefined {
  let found: string | undefined;
  for (let start = 0; start < fields.length;) {
    const end = fields.indexOf("\r\n", start);
    const colon = start + name.length;
    if (fields.charCodeAt(colon) === 58 && fields.slice(start, colon).toLowerCase() === name) {
      const value = fields.slice(colon + 1, end).trim();
      found = found === undefined ? value : `${found},${value}`;
    }
    start = end + 2;
  }
  return found;
}
