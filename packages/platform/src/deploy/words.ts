import { sayings } from "@ebb/base";

/** Why what somebody wrote into the cluster is no policy. What a strategy has in it is not repeated: it may be an address with a password. */
export const say = sayings({
  "policy.json": "{annotation} is not JSON",
  "policy.array": "{annotation} is not an array of 1 to {most} strategies",
  "policy.strategy": "strategy {number} in {annotation} is none that Ebb knows, or not complete",
  "policy.number": "{annotation} is not a whole number up to {most}",
  "policy.idle": "{annotation} is none of cold, prepared and frozen",
  "policy.bounds": "max-scale {max} is less than min-scale {min}",
});
