import type { Launch } from "./command.ts";
import { limitLines, type ProcessLimits } from "./spawn.ts";

/** Names that some shell reserves or computes itself: setting one would end it, or come out as something else. */
const SHELLS_OWN =
  /^(BASH.*|COMP_.*|DIRSTACK|EPOCH.*|EUID|FUNCNAME|GROUPS|HISTCMD|IFS|KSH_.*|LINENO|OLDPWD|OPT.*|PIPESTATUS|PPID|PS[0-9]|PWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|_)$/;

/** Whether a shell that waits already can be given this environment; else a new one must inherit it. */
export function canBeTold({ env }: Launch): boolean {
  return Object.keys(env).every((name) => !SHELLS_OWN.test(name));
}

interface Place {
  limits: ProcessLimits;
  fifos: { stdout: string; stderr: string };
}

/**
 * What a waiting shell reads from its input to become the program: nothing of it is in its arguments, where everybody could read it. The FIFOs are
 * opened for both directions, so that they stay open without Ebb.
 */
export function launchScript({ command, cwd, env }: Launch, { limits, fifos }: Place): string {
  return [
    // A group, so that all of it has been read before its first line changes where the shell reads from.
    "{",
    `exec </dev/null 1<>${quote(fifos.stdout)} 2<>${quote(fifos.stderr)}`,
    `cd -- ${quote(cwd)} || exit 126`,
    ...limitLines(String(limits.processes)),
    // `cd` may have exported it.
    "unset OLDPWD",
    ...Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`),
    `exec ${command.map(quote).join(" ")}`,
    "}",
    "",
  ].join("\n");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
