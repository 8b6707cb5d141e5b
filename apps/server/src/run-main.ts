import { reportError } from "./report.ts";

/** Runs a process' `main`, whose failure is reported to whoever started it. */
export function runMain(main: () => Promise<void>): void {
  main().catch(fail);
}

/** Calls `stop` at the first signal to end, and ends the process after it; further signals change nothing. */
export function stopAtSignals(stop: () => Promise<void>): void {
  let stopping: Promise<void> | undefined;
  const begin = () => {
    stopping ??= stop().then(() => process.exit(process.exitCode ?? 0), fail);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, begin);
}

function fail(error: unknown): never {
  reportError(error);
  process.exit(1);
}
