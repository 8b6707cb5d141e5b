import type { Container } from "./core.ts";

const DEFAULT_USER_PORT = 8080;

/** Where a container takes requests, if it serves. None, and 0 (which Go's clients write beside a mere name), are 8080: knative/serving getUserPort. */
export function userPort(container: Container | undefined): number {
  return container?.ports?.[0]?.containerPort || DEFAULT_USER_PORT;
}
