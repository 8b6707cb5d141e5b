import type { OperationKind } from "./store.ts";

const MINUTE = 60_000;
/** From an operation's start to its deadline: a deploy has a cold build and a large image in it, a release its own pauses besides. */
export const TIMEOUTS: Record<OperationKind, number> = {
  deploy: 20 * MINUTE,
  promote: 10 * MINUTE,
  config: 10 * MINUTE,
  traffic: 5 * MINUTE,
  release: 120 * MINUTE,
  delete: 10 * MINUTE,
};

/** What an operation is submitted with. */
export interface Submission {
  team: string;
  app: string;
  env: string;
  request: unknown;
  user: string;
  id?: string;
  timeout?: number;
}
