import { UserError } from "@ebb/base";
import { fault, type BuildErrorCode } from "../errors.ts";
import type { GitSource } from "./source.ts";

/** What git says (in English, as LANG is C) by what is to be done about it; the first that fits. */
const SAYINGS: readonly (readonly [RegExp, BuildErrorCode])[] = [
  [/couldn't find remote ref|not our ref|no such remote ref|invalid refspec/i, "git_ref_not_found"],
  [/another host key/i, "git_host_key"],
  [
    /authentication failed|authentication methods failed|could not read username|could not read password|returned error: 40[13]|permission denied/i,
    "git_refused",
  ],
  [/returned error: 30\d|redirect/i, "git_redirected"],
  [/repository .*not found|does not appear to be a git repo|returned error: 404|not found/i, "git_not_found"],
  [/file too large|died of signal 25|file size limit|SIGXFSZ|no space left/i, "git_too_large"],
  [/could ?n[o']t (?:resolve|connect)|failed to connect|connection (?:refused|reset|timed out)|timed out|ssl|too slow/i, "git_unreachable"],
];

/** The code for what git has said. Pure. */
export function gitCode(lines: readonly string[]): BuildErrorCode {
  const text = lines.join("\n");
  return SAYINGS.find(([pattern]) => pattern.test(text))?.[1] ?? "git_failed";
}

/** A failed command of git as an error of the catalogue; anything else is left as it is. */
export function gitFailure(error: unknown, { url, ref }: GitSource, more: readonly string[] = []): unknown {
  if (!(error instanceof UserError)) return error;
  if (error.code === "build_timeout") return fault("git_timeout", `${url} was not fetched in time`);
  if (error.code !== "build_failed") return error;
  const log = [...more, ...lines(error.details["log"])];
  // The server's own words, where there are any; what git makes of them says less.
  const said = log.filter((line) => /^(?:fatal|error|remote|ssh): /i.test(line));
  const why = more[0] ?? said.at(-1) ?? log.at(-1) ?? error.message;
  const ended = lines([error.message]);
  const code = gitCode([...log, ...ended]);
  return fault(code, `${ref === "" ? "" : `${ref} of `}${url} could not be fetched: ${why}`, { details: { log } });
}

function lines(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((line) => typeof line === "string") : [];
}
