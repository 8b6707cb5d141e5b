import { isIPv6 } from "node:net";
import type { GitSource } from "./source.ts";

/** `git` asks it for the user and the password; both lie in files of the build's own that are gone before any command of the source runs. */
export const ASKPASS_SCRIPT = `#!/bin/sh
case "$1" in Username*) cat "$EBB_GIT_FILES/user" ;; *) cat "$EBB_GIT_FILES/secret" ;; esac
`;

/** Seconds in which fewer bytes a second than that are a connection that hangs. */
const SLOW = { bytes: 500, seconds: 60 };

/**
 * All that git is told beside its command line, by its environment: nothing of the machine's or a user's configuration, no helper, no hook,
 * no other transport than the URL's own, no way to another address than the one that was checked.
 */
export function gitEnvironment({ url, address }: GitSource, files: string): Record<string, string> {
  const { protocol, hostname, port } = new URL(url);
  const to = isIPv6(address) ? `[${address}]` : address;
  const settings: [string, string][] = [
    ["core.hooksPath", "/dev/null"],
    ["core.fsmonitor", "false"],
    ["credential.helper", ""],
    ["fetch.recurseSubmodules", "false"],
    ["gc.auto", "0"],
    ["http.followRedirects", "false"],
    ["http.lowSpeedLimit", String(SLOW.bytes)],
    ["http.lowSpeedTime", String(SLOW.seconds)],
    ["http.curloptResolve", `${hostname.replace(/^\[|\]$/g, "")}:${port || (protocol === "http:" ? "80" : "443")}:${to}`],
    ["protocol.version", "2"],
    ["safe.directory", "*"],
    ["transfer.bundleURI", "false"],
  ];
  return {
    LANG: "C",
    LC_ALL: "C",
    GIT_ALLOW_PROTOCOL: protocol.slice(0, -1),
    GIT_ASKPASS: `${files}/askpass`,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], at) => [
        [`GIT_CONFIG_KEY_${at}`, key],
        [`GIT_CONFIG_VALUE_${at}`, value],
      ]),
    ),
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_SSH_VARIANT: "ssh",
    GIT_TERMINAL_PROMPT: "0",
  };
}
