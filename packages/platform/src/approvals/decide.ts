import { refuse } from "../errors.ts";

export interface Voting {
  /** Who answers for the operation. */
  authorId: string;
  /** How many others must approve. */
  needed: number;
  state: "waiting" | "approved" | "rejected" | "expired" | "cancelled";
  expiresAt: number;
  /** Of those who have voted. */
  approvals: readonly string[];
}

export interface Voter {
  userId: string;
  kind: "user" | "machine";
}

/**
 * What a vote does: `recorded` (more are needed), `approved` (it may run), `rejected` (one is enough).
 * Throws `approval_closed`, `approval_own` and `approval_twice`. A machine's vote is its maker's, which would make two of one: people only.
 */
export function decideVote(voting: Voting, voter: Voter, vote: "approve" | "reject", now: number): "recorded" | "approved" | "rejected" {
  if (voting.state !== "waiting" || voting.expiresAt <= now) {
    const state = voting.state === "waiting" ? "expired" : voting.state;
    throw refuse("approval_closed", `It does not wait for approval any more: it is ${state}`);
  }
  if (voter.kind === "machine") throw refuse("approval_own", "Approvals are given and refused by people, not by machines' tokens");
  if (vote === "reject") return "rejected";
  if (voter.userId === voting.authorId) {
    throw refuse("approval_own", "Somebody else than its author must approve it", { hint: "Ask a colleague: ebb approve ID." });
  }
  if (voting.approvals.includes(voter.userId)) throw refuse("approval_twice", "You have approved it already");
  return voting.approvals.length + 1 >= voting.needed ? "approved" : "recorded";
}
