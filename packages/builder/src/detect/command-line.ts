/** Words without quotes, expansions, operators or wildcards; `$PORT` alone is fine, as the driver replaces it. */
const PLAIN = /^(?:\$PORT(?![A-Za-z0-9_])|\$\{PORT\}|[A-Za-z0-9_@%+=:,./\-\s])+$/;
/** A single command, which `exec` can replace the shell with, so that signals reach the program itself. */
const SEVERAL = /[;&|<>()\n`]|\$\(|^\s*(?:if|for|while|case|cd|export|set|exec|\.|source|\{|!)\b|^\s*[A-Za-z_][A-Za-z0-9_]*=/;
/** Programs that the runtime driver finds by itself. */
const KNOWN = new Set(["node", "python3"]);
const OWN_FOLDERS = 'PATH="$PWD/node_modules/.bin:$PWD/.venv/bin:$PATH"; export PATH; ';

/**
 * The argument vector for a command line of a person (a Procfile, scripts.start, ebb.yaml). Without need there is no shell: it would only
 * stand between the program and its signals. Otherwise the bundle's own programs are on the PATH.
 */
export function commandLine(text: string): string[] {
  const line = text.trim();
  const words = line.split(/\s+/);
  const program = words[0] ?? "";
  if (PLAIN.test(line) && !program.includes("=") && (KNOWN.has(program) || program.includes("/"))) {
    return words.map((word) => word.replaceAll("${PORT}", "$PORT"));
  }
  return ["/bin/sh", "-c", `${OWN_FOLDERS}${SEVERAL.test(line) ? line : `exec ${line}`}`];
}
