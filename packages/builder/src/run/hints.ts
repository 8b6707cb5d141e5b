/** What the last lines of well-known tools mean, most specific first. */
const HINTS: [RegExp, string | ((match: RegExpExecArray) => string)][] = [
  [/ENOSPC|[Nn]o space left on device/, "The disk is full: free space on the machine that Ebb runs on."],
  [
    /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT|certificate verify failed|x509: certificate signed by unknown/i,
    "The registry's certificate is not trusted: start Ebb with NODE_EXTRA_CA_CERTS (npm), PIP_CERT (pip) or SSL_CERT_FILE (Go) set to your CA's file.",
  ],
  [
    /`?npm ci`? can only install packages when your package\.json and package-lock\.json|lock file.*(?:out of sync|not up to date|not in sync)|ERR_PNPM_OUTDATED_LOCKFILE/i,
    "The lockfile does not match package.json: run the install on your machine and commit the new lockfile.",
  ],
  [
    /(?:(?:getaddrinfo )?(?:ENOTFOUND|EAI_AGAIN)|Temporary failure in name resolution|Could not resolve host|dial tcp: lookup)\s*([\w.-]*)/,
    (match) => `The package registry cannot be reached${match[1] ? ` (${match[1]})` : ""}: check this machine's network and proxy.`,
  ],
  [
    /(?:ETIMEDOUT|ECONNREFUSED|ECONNRESET|network timeout|connection refused)/i,
    "A server that the build needs does not answer: check this machine's network and proxy, then deploy again.",
  ],
  [
    /(?:E404|404 Not Found).*?'?((?:@[\w.-]+\/)?[\w.-]+@[\w.^~<>=*-]+)?/,
    (match) => `${match[1] ?? "A package"} is not in the registry: check its name and version, or the registry that is configured.`,
  ],
  [
    /No matching distribution found for (\S+)/,
    (match) => `pip has no ${match[1]} for this machine's Python: check the name and version in requirements.txt.`,
  ],
  [
    /ModuleNotFoundError: No module named '([\w.]+)'/,
    (match) => `The Python module ${match[1]} is missing: add its package to requirements.txt.`,
  ],
  [
    /ensurepip is not available|No module named venv/,
    "Python's venv is missing: `apt install python3-venv` on the machine that Ebb runs on.",
  ],
  [
    /(?:Cannot find (?:module|package)|Module not found: .*?resolve) '([^']+)'/,
    (match) => `The module ${match[1]} is missing: add it to the dependencies in package.json (or correct the path).`,
  ],
  [/[Mm]issing script:? "?([\w:.-]+)"?/, (match) => `package.json has no script ${match[1]}: add it, or correct \`build\` in ebb.yaml.`],
  [/no required module provides package (\S+?);/, (match) => `go.mod lacks ${match[1]}: run \`go mod tidy\` and commit go.mod and go.sum.`],
  [/missing go\.sum entry/, "go.sum is not complete: run `go mod tidy` and commit it."],
  [
    /go\.mod requires go >= ([\d.]+)|invalid go version '([\d.]+)'/,
    (match) => `The source needs Go ${match[1] ?? match[2]} and this machine has an older one: install it, or deploy with a Dockerfile.`,
  ],
  [
    /node-gyp|gyp ERR!|make: .*Command not found|gcc: .*not found|error: command '.*gcc' failed/,
    "A package is compiled here and fails: `apt install build-essential python3-dev` on this machine, or deploy with a Dockerfile.",
  ],
  [
    /JavaScript heap out of memory|Killed|signal: killed|Cannot allocate memory/,
    "The build ran out of memory: give the machine more, or build elsewhere and deploy the result.",
  ],
  [
    /(?:sh|\/bin\/sh):.*?(?:\d+: )?([\w./-]+): (?:command )?not found/,
    (match) => `The program ${match[1]} is not on the machine that Ebb runs on: install it, or deploy with a Dockerfile.`,
  ],
  [/EACCES|[Pp]ermission denied/, "The build may write only in its own folder, $HOME and $TMPDIR; check also that scripts are executable."],
  [
    /SyntaxError|IndentationError|error TS\d+|cannot find symbol|undefined: /,
    "The source does not compile; the log names the file and line.",
  ],
];

/** The likely fix for a failed build, judged by its last lines (latest first); undefined when none is known. */
export function likelyFix(lines: readonly string[]): string | undefined {
  const text = lines.join("\n");
  for (const [pattern, hint] of HINTS) {
    const match = pattern.exec(text);
    if (match) return typeof hint === "string" ? hint : hint(match);
  }
  return undefined;
}
