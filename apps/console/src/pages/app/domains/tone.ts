import type { Domain } from "@ebb/api";
import type { Tone } from "../../../ui/state.tsx";

/** How a domain's state looks: what serves and is about to stop needs somebody, too. */
export function toneOf({ state, problem }: Pick<Domain, "state" | "problem">): Tone {
  switch (state) {
    case "live":
      return problem === null ? "good" : "bad";
    case "failed":
      return "bad";
    case "pending-verification":
      return "calm";
    case "verified":
    case "certificate-pending":
      return "busy";
  }
}
