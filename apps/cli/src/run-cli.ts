import { COMMANDS } from "./commands.ts";
import { createContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { CommandEnded, Failure, toFailure } from "./failure.ts";
import type { Host } from "./host.ts";
import { createStyle, printable } from "./output/style.ts";
import { parseCommandLine } from "./program.ts";

/** Runs one command line and returns its exit code; everything that went wrong has been printed. */
export async function runCli(argv: readonly string[], host: Host, version: string): Promise<number> {
  try {
    const parsed = parseCommandLine(argv, COMMANDS, version);
    if ("text" in parsed) {
      host.stdout.write(parsed.text);
      return EXIT.ok;
    }
    const context = await createContext(host, parsed.input.options);
    try {
      await parsed.command.run(context, parsed.input);
    } finally {
      context.progress.idle();
    }
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommandEnded) return error.exit;
    if (host.interrupted.aborted && !(error instanceof Failure)) return EXIT.interrupted;
    const failure = toFailure(error);
    host.stderr.write(`${failureLines(failure, host).join("\n")}\n`);
    return failure.exit;
  }
}

/** Cause, log and remedy, in the order in which they are read. */
function failureLines(failure: Failure, host: Host): string[] {
  const style = createStyle(host.stderr, host.env);
  const clean = (text: string) => (host.stderr.isTTY ? printable(text) : text);
  // What waits for somebody else is no error: it is accepted.
  const label = failure.exit === EXIT.waiting ? style.warn("Waiting:") : style.bad("Error:");
  const lines = [`${label} ${clean(failure.message)}`];
  for (const [depth, reason] of failure.chain.entries()) lines.push(`${"  ".repeat(depth + 1)}because ${clean(reason)}`);
  if (failure.log.length > 0) lines.push("", "Last log lines:", ...failure.log.map((line) => style.dim(`  │ ${clean(line)}`)));
  if (failure.hint !== undefined) lines.push(...(failure.log.length > 0 ? [""] : []), `${style.bold("What to do:")} ${failure.hint}`);
  return lines;
}
