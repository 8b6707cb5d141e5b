/** An app's repository, and what a push to it does. */
export interface RepositoryTable {
  app: string;
  /** As `parseGitUrl` writes it. */
  url: string;
  folder: string;
  /** Branches by their environments, in order. */
  rules_json: string;
  /** How long the previews of other branches live; null: there are none. */
  preview_hours: number | null;
  /** The secret of its webhook; empty: none yet. */
  hook_sealed: string;
  hook_at: number | null;
  /** What came of the newest pushes. */
  deliveries_json: string;
  updated_at: number;
  updated_by: string;
}

/** What a team reads the repositories below a prefix with. */
export interface GitCredentialTable {
  id: string;
  team: string;
  /** HOST[:PORT][/PATH] */
  prefix: string;
  kind: "token" | "ssh";
  /** Of a token. */
  account: string;
  /** Of a deploy key. */
  public_key: string;
  /** The SSH server's keys; empty: not known yet. */
  known_hosts: string;
  /** The token, or the private key, by the team's data key. */
  sealed: string;
  created_at: number;
  created_by: string;
}
