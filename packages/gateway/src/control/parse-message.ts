import type { ControlMessage } from "../control-protocol.ts";
import { parseBackend, parseCertificate, parseRoute, parseTable } from "./parse-table.ts";
import { bad, quantity, record, text } from "./parse-values.ts";

/** Parses one message of the control plane. Throws a UserError that names what is wrong. */
export function parseControlMessage(value: unknown): ControlMessage {
  const message = record(value, "message");
  const seq = quantity(message["seq"], "seq");
  switch (message["type"]) {
    case "sync":
      return { type: "sync", seq, table: parseTable(message["table"]) };
    case "route":
      return { type: "route", seq, route: parseRoute(message["route"]) };
    case "route-removed":
      return { type: "route-removed", seq, key: text(message["key"], "key") };
    case "backend":
      return { type: "backend", seq, backend: parseBackend(message["backend"]) };
    case "backend-removed":
      return { type: "backend-removed", seq, key: text(message["key"], "key") };
    case "certificate":
      return { type: "certificate", seq, certificate: parseCertificate(message["certificate"]) };
    case "certificate-removed":
      return { type: "certificate-removed", seq, key: text(message["key"], "key") };
    case "drain": {
      const endpoint = text(message["endpoint"], "endpoint");
      return { type: "drain", seq, endpoint, timeoutSeconds: quantity(message["timeoutSeconds"], "timeoutSeconds") };
    }
    default:
      throw bad("type", "one of the control protocol's");
  }
}
