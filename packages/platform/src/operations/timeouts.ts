import type { OperationKind } from "./store.ts";

const MINUTE = 60_000;
/** From an operation's start to its deadline: a deploy has a cold build and a large image in it, a release its own pauses besides. */
export const TIMEOUTS: Record<OperationKind, number> = {
  deploy: 20 * MINUTE,
  promote: 10 * MINUTE,
  config: 10 * MINUTE,
  restart: 10 * MINUTE,
  traffic: 5 * MINUTE,
  release: 120 * MINUTE,
  // An app after the other on the way of what depends on what, each with a cold start.
  sleep: 30 * MINUTE,
  wake: 30 * MINUTE,
  delete: 10 * MINUTE,
  // Every app that serves is started there, one after the other.
  move: 60 * MINUTE,
  // Its parts have deadlines of their own, and wait for approval as long.
  rollout: 72 * 60 * MINUTE,
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
  unguarded?: boolean;
  /** No want of approvals stops it: it puts back what was approved before. */
  putsBack?: boolean;
  parent?: string;
}
