import { sayings } from "@ebb/base";

/** What limits an answer to "what if", for readers of all languages. */
export const say = sayings({
  "replay.assumed": "No start of it was measured: {seconds} s is assumed for one.",
  "replay.short": "The record is short: {length} s, less than two windows of {window} s. Take the figures as a hint.",
  "replay.begins": "Nothing was recorded before {time}: the replay begins there.",
  "replay.usage": "CPU and memory are not recorded: their strategies vote for as many as there are.",
  "replay.lag": "What a URL said of waiting events is not recorded: its strategy votes for as many as there are.",
});
