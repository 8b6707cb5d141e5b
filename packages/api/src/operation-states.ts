/** In the order in which an operation comes through them. Apart from the schemas, whose library neither the console nor a command is to load. */
export const OPERATION_STATES = ["waiting", "queued", "running", "succeeded", "failed", "cancelled"] as const;
