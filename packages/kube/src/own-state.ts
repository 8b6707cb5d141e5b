import { list, text, type Schema } from "./schema.ts";

/** Of kinds by which an API server tells of itself: read alone, so only what they have is said. */
const head = { apiVersion: text, kind: text, metadata: { type: "object" } } satisfies Record<string, Schema>;
const number: Schema = { type: "integer" };

/** k8s.io/kube-aggregator apiregistration/v1. */
export const API_SERVICE_SCHEMA: Schema = {
  type: "object",
  properties: {
    ...head,
    spec: { type: "object", properties: { group: text, version: text, groupPriorityMinimum: number, versionPriority: number } },
    status: {
      type: "object",
      properties: {
        conditions: list({
          type: "object",
          properties: {
            type: text,
            status: text,
            lastTransitionTime: { type: "string", format: "date-time" },
            reason: text,
            message: text,
          },
        }),
      },
    },
  },
};
/** k8s.io/api core/v1. */
export const COMPONENT_STATUS_SCHEMA: Schema = {
  type: "object",
  properties: { ...head, conditions: list({ type: "object", properties: { type: text, status: text, message: text, error: text } }) },
};
