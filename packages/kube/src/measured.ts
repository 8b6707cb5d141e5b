import type { PrinterColumn } from "./custom/definition.ts";
import { text, type Schema } from "./schema.ts";

/** metrics.k8s.io/v1beta1 (k8s.io/metrics): what is used, quantities such as `12m` and `34Mi`, on an average over the window until the timestamp. */
const usage: Schema = { type: "object", additionalProperties: text };
const moment = { timestamp: { type: "string", format: "date-time" }, window: text } satisfies Record<string, Schema>;
const head = { apiVersion: text, kind: text, metadata: { type: "object" } } satisfies Record<string, Schema>;

export const POD_METRICS_SCHEMA: Schema = {
  type: "object",
  properties: { ...head, ...moment, containers: { type: "array", items: { type: "object", properties: { name: text, usage } } } },
};
export const NODE_METRICS_SCHEMA: Schema = { type: "object", properties: { ...head, ...moment, usage } };

const column = (name: string, jsonPath: string): PrinterColumn => ({ name, type: "string", jsonPath });

/** As metrics-server's own. */
export const POD_METRICS_COLUMNS = [
  column("CPU", ".containers[0].usage.cpu"),
  column("Memory", ".containers[0].usage.memory"),
  column("Window", ".window"),
];
export const NODE_METRICS_COLUMNS = [column("CPU", ".usage.cpu"), column("Memory", ".usage.memory"), column("Window", ".window")];
