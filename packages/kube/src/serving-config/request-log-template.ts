import { UserError } from "@ebb/base";
import { parseGoTemplate } from "../go-template/go-template.ts";
import type { Value } from "../go-template/value.ts";

/** What a line may say; the names are those of upstream's RequestLogTemplateInput (pkg/http/request_log.go). */
export interface RequestLogInput {
  Request: {
    Method: string;
    RequestURI: string;
    Host: string;
    Proto: string;
    /** -1: it was not said beforehand. */
    ContentLength: number;
    RemoteAddr: string;
    UserAgent: string;
    Referer: string;
    /** By lower-case name. */
    Header: Readonly<Record<string, readonly string[]>>;
  };
  /** Bytes of the body; seconds. */
  Response: { Code: number; Size: number; Latency: number };
  Revision: { Name: string; Namespace: string; Service: string; Configuration: string; PodName: string; PodIP: string };
  TraceID: string;
}

export interface RequestLogTemplate {
  /** Lower-case names of the header fields that it asks for. */
  readonly fields: readonly string[];
  /** A line without its end. */
  line(input: RequestLogInput): string;
}

const SHAPE = {
  Request: {
    Method: "value",
    RequestURI: "value",
    Host: "value",
    Proto: "value",
    ContentLength: "value",
    RemoteAddr: "value",
    UserAgent: "value",
    Referer: "value",
    Header: "map",
  },
  Response: { Code: "value", Size: "value", Latency: "value" },
  Revision: { Name: "value", Namespace: "value", Service: "value", Configuration: "value", PodName: "value", PodIP: "value" },
  TraceID: "value",
} as const;
const LONGEST = 4096;
const MOST_FIELDS = 20;
const FIELD = /\.Request\.Header\s+["`]([\w-]+)["`]/g;

/** Throws UserError `invalid_config` for what Ebb cannot read. */
export function parseRequestLogTemplate(text: string): RequestLogTemplate {
  const names = [...new Set([...text.matchAll(FIELD)].map(([, name = ""]) => name))];
  try {
    if (text.length > LONGEST || names.length > MOST_FIELDS) throw new SyntaxError("too long");
    const template = parseGoTemplate(text.trimEnd(), SHAPE);
    return {
      fields: names.map((name) => name.toLowerCase()),
      line(input) {
        const headers = Object.fromEntries(names.map((name) => [name, input.Request.Header[name.toLowerCase()] ?? []]));
        const values: Record<string, Value> = { ...input, Request: { ...input.Request, Header: headers } };
        return lineOf(() => template(values), input);
      },
    };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UserError("invalid_config", `template: requestLog:1: ${cause.message}`, {
      cause,
      hint:
        'Use {{.Request.…}} (Method, RequestURI, Host, Proto, ContentLength, RemoteAddr, UserAgent, Referer; {{index .Request.Header "Name"}}), ' +
        "{{.Response.…}} (Code, Size, Latency), {{.Revision.…}} (Name, Namespace, Service, Configuration, PodName, PodIP), {{.TraceID}}, js, if … else … end.",
    });
  }
}

/** One line, whatever stands in the template; in upstream's words where it fails. */
function lineOf(write: () => string, { Request, Response }: RequestLogInput): string {
  try {
    return write().replaceAll(/\r?\n/g, " ");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const { Method, RequestURI } = Request;
    return `Invalid request log template: method: ${Method}, response code: ${Response.Code}, latency: ${Response.Latency}, url: ${RequestURI}`;
  }
}
