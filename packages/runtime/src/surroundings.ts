/** What it shares beside its network with others, in the field's words. Not for drivers whose programs share all of that with the machine (process). */
export interface NamespacesSpec {
  /** Its programs see each other's processes, or the machine's. */
  processes?: "shared" | "host";
  ipc?: "host";
}

/** Where a program says why it ended (`/dev/termination-log` when it is not said), and what stands in for that when it failed and said nothing: the end of its log, unless `File`. */
export interface TerminationMessageSpec {
  path?: string;
  policy?: "File" | "FallbackToLogsOnError";
}
