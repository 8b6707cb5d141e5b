import ignore from "ignore";

/** Never part of a source, whatever the ignore files say: history, and what the build installs anew for the platform's own machine. */
export const ALWAYS_LEFT_OUT: ReadonlySet<string> = new Set([".git", "node_modules", ".ebbignore"]);
/** Of the files of rules: this one, when it is in the source's own folder, and then only it; else the other. */
export const RULE_FILES = { own: ".ebbignore", git: ".gitignore" } as const;
/** More than any source has; a home folder or a disk by mistake has more. */
export const MOST_ENTRIES = 100_000;

/**
 * The rules of ignore files collected on the way down a tree, with gitignore(5)'s meaning: a nested file speaks about its own folder and
 * overrules those above it; what lies in an ignored folder cannot be brought back.
 */
export class IgnoreRules {
  // Case matters, as on every file system that a source is likely to run on.
  readonly #rules = ignore({ ignorecase: false });

  /** Adds the lines of the ignore file of `folder` (relative to the root, "" for the root); folders before what they contain. */
  add(folder: string, text: string): void {
    this.#rules.add(text.split(/\r?\n/).flatMap((line) => rooted(folder, line)));
  }

  /** `path` is relative to the root, with slashes. */
  ignores(path: string, isFolder: boolean): boolean {
    return this.#rules.ignores(isFolder ? `${path}/` : path);
  }
}

/** A pattern of a nested ignore file as the same pattern of the root's; nothing for blank lines and comments. */
function rooted(folder: string, line: string): string[] {
  if (line.trim() === "" || line.startsWith("#")) return [];
  if (folder === "") return [line];
  const negated = line.startsWith("!");
  const pattern = negated ? line.slice(1) : line;
  const prefix = `/${folder.replace(/[\\*?[\]!# ]/g, "\\$&")}/`;
  // A slash anywhere but at the end ties the pattern to its folder; without one it matches at every depth below.
  const tied = pattern.trimEnd().replace(/\/$/, "").includes("/");
  return [`${negated ? "!" : ""}${prefix}${tied ? pattern.replace(/^\//, "") : `**/${pattern}`}`];
}
