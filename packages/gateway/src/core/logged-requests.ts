import type { LoggedRequest } from "../control-protocol.ts";
import { fieldPairs } from "../http1/field-lines.ts";
import type { OutgoingFields } from "../http1/forwarding.ts";
import type { RequestHead } from "../http1/heads.ts";
import type { AccessLogEntry } from "./access-log.ts";
import type { BackendState } from "./backend-state.ts";

/** Between two reports, which come each second. */
const MOST_KEPT = 1000;
const LONGEST_VALUE = 1024;
const MOST_VALUES = 10;
const PROTOCOLS: Readonly<Record<RequestHead["protocol"], string>> = { "http/1.0": "HTTP/1.0", "http/1.1": "HTTP/1.1", h2: "HTTP/2.0" };

/** A request, and its header fields as the application found them. */
interface Asked {
  request: RequestHead;
  fields: OutgoingFields;
}

/** Keeps a request of a backend that wants them, until the next report. */
export function logRequest(backend: Pick<BackendState, "config" | "logged">, entry: AccessLogEntry, asked: Asked): void {
  const logged = (backend.logged ??= new LoggedRequests());
  logged.keep(entry, asked, backend.config.requestLog?.fields ?? []);
}

/** What an instance was asked and answered, for the log of its `queue-proxy`: only of revisions whose backend wants it. */
export class LoggedRequests {
  #kept: LoggedRequest[] = [];
  #leftOut = 0;

  /** `names` are the header fields that are told, in lower case. */
  keep(entry: AccessLogEntry, { request, fields }: Asked, names: readonly string[]): void {
    if (this.#kept.length >= MOST_KEPT) {
      this.#leftOut++;
      return;
    }
    const wanted = new Set([...names, "user-agent", "referer"]);
    const found: Record<string, string[]> = {};
    for (const [name, value] of fieldPairs(fields.client + fields.forwarding + fields.passing)) {
      if (!wanted.has(name)) continue;
      const values = (found[name] ??= []);
      if (values.length < MOST_VALUES) values.push(value.slice(0, LONGEST_VALUE));
    }
    const { time, endpoint, status, durationMs, responseBytes, remoteAddress, traceId } = entry;
    this.#kept.push({
      time,
      endpoint,
      method: request.method,
      target: request.target.slice(0, LONGEST_VALUE),
      host: request.authority.slice(0, LONGEST_VALUE),
      protocol: PROTOCOLS[request.protocol],
      contentLength: request.framing === "length" ? request.length : request.framing === "none" ? 0 : -1,
      fields: found,
      status,
      durationMs,
      responseBytes,
      remoteAddress,
      traceId,
    });
  }

  /** What was kept since the last time; undefined: nothing. */
  take(): { requests: LoggedRequest[]; leftOut: number } | undefined {
    if (this.#kept.length === 0) return undefined;
    const taken = { requests: this.#kept, leftOut: this.#leftOut };
    this.#kept = [];
    this.#leftOut = 0;
    return taken;
  }
}
