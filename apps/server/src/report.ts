import { causeChain, EbbError } from "@ebb/base";

/** What the supervisor tells whoever started it: a JSON object a line on standard output. */
export type ServerEvent =
  | { event: "phase"; name: string; state: "running" | "succeeded" | "failed"; message: string; ms?: number }
  | { event: "log"; level: "info" | "warn"; message: string }
  | {
      event: "ready";
      firstRun: boolean;
      console: string;
      platform: string;
      gateway: string;
      api: string;
      kubeconfig: string;
      dataDir: string;
    }
  | { event: "stopping" }
  | { event: "stopped" }
  | { event: "error"; code: string; message: string; hint?: string };

export function report(event: ServerEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

export function reportError(error: unknown): void {
  const known = error instanceof EbbError ? error : undefined;
  report({
    event: "error",
    code: known?.code ?? "internal_error",
    message: causeChain(error).join(": "),
    ...(known?.hint ? { hint: known.hint } : {}),
  });
}
