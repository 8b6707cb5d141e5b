export interface User {
  name: string;
  groups: readonly string[];
  uid?: string;
  /** What else the authenticator knows: of a ServiceAccount's token, its Pod. */
  extra?: Readonly<Record<string, readonly string[]>>;
}

/** Who asks, and how the request wants to be treated. */
export interface RequestContext {
  user: User;
  /** Who owns what is written, in managedFields; by the user's name when absent. */
  manager?: string;
  /** Do everything but store the outcome. */
  dryRun?: boolean;
  /** What is wrong with the text of the body that its value does not show: fields that it has twice. Treated as unknown fields are. */
  duplicates?: readonly string[];
  /** What is decoded was made by a patch, and so are its faults. */
  patched?: boolean;
  /** What becomes of unknown fields: refused, dropped with a warning, or dropped. */
  fieldValidation?: "Strict" | "Warn" | "Ignore";
  /** Asked before an apply, which was authorised as a patch, creates what is not there; throws Forbidden. */
  authorizeCreate?: () => void;
  /** What the client said of the write, as meta/v1 CreateOptions or UpdateOptions: shown to admission webhooks. */
  options?: { fieldManager?: string; fieldValidation?: string; dryRun?: string[] };
  /** The server's own: what it needs to start must not depend on what it then serves. */
  skipWebhooks?: boolean;
  /** The server's own: it says which uid a new object has, where something was told of it before it is there. */
  ownUids?: boolean;
  /** Takes what the client should be told although the request succeeds. */
  warn?: (message: string) => void;
}
