/** A revision of a Git repository, and how it may be come by. */
export interface GitSource {
  /** `https://`, `http://` or `ssh://`, without a password. */
  url: string;
  /** A branch, a tag or a whole commit; empty: where HEAD is. */
  ref: string;
  /** What `ref` led to when it was fetched before: it is this very commit again, wherever `ref` leads by now. */
  commit?: string;
  /** The folder of the repository to deploy; empty: all of it. */
  folder: string;
  /** The only address that its host is reached at, whatever the name says by now. */
  address: string;
  credential: GitCredential | undefined;
}

export type GitCredential =
  | { kind: "token"; user: string; secret: string }
  /** `knownHosts`: the server's keys, a line each; empty: whatever it shows first. */
  | { kind: "ssh"; key: string; knownHosts: string };

/** What was fetched. */
export interface GitCommit {
  id: string;
  author: string;
  /** Its first line. */
  message: string;
  /** The key that an SSH server showed, where none was known. */
  hostKey?: string;
}
