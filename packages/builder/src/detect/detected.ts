/** The source as detection sees it: names, and the text of the few files that it asks for. */
export interface SourceTree {
  /** Paths of files, `/` between parts. */
  readonly files: ReadonlySet<string>;
  /** The text of a file, at most 1 MiB of it; undefined when there is none. */
  read(path: string): Promise<string | undefined>;
}

/** Languages that ebb.yaml can ask for. */
export type Language = "node" | "python" | "go" | "rust" | "static" | "custom";

/** What one kind of source needs to be built and run, before ebb.yaml has its say. */
export interface Detected {
  /** The file that decided it. */
  from: string;
  kind: "application" | "site";
  language: "node" | "python" | "go" | "static" | "procfile" | "image" | "custom";
  build: string[];
  /** Programs that `build` needs. */
  tools: Tool[];
  /** Absent when nothing says how to start it; `wanted` then says what was looked for. */
  command?: string[];
  wanted?: string;
  /** Put into the bundle's environment; the person's own variables win. */
  env: Record<string, string>;
  /** Of a site: the folders that may hold it after the build, best first. */
  publish?: string[];
  /** Of a site: `auto` is true for a built site of a single page. */
  spa?: boolean | "auto";
  /** Of an image: the Dockerfile's path. */
  dockerfile?: string;
}

export interface Tool {
  name: string;
  /** Why it is needed and what else would do, for the error when it is missing. */
  remedy: string;
}
