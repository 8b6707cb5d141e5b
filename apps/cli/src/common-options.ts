import type { Command, OptionSpecs } from "./command.ts";

export const FORMATS = ["text", "wide", "json", "yaml"] as const;
export type Format = (typeof FORMATS)[number];

const SERVER: OptionSpecs = {
  server: { kind: "text", placeholder: "URL", summary: "The platform to talk to; EBB_SERVER otherwise, with its token in EBB_TOKEN" },
};
const DATA: OptionSpecs = {
  data: { kind: "text", placeholder: "DIR", completes: "folder", summary: "Ebb's data folder on this machine; EBB_DATA otherwise" },
};

/** The options that a command has because of what it uses and prints, in the order of help. */
export function commonOptions(command: Command): OptionSpecs {
  return {
    ...(command.prints === "table" && output(FORMATS)),
    ...(command.prints === "data" && output(["text", "json", "yaml"])),
    ...(command.uses === "platform" && SERVER),
    ...(command.uses !== "nothing" && DATA),
  };
}

export function allOptions(command: Command): OptionSpecs {
  return { ...command.options, ...commonOptions(command) };
}

function output(choices: readonly Format[]): OptionSpecs {
  return { output: { kind: "text", short: "o", placeholder: choices.slice(1).join("|"), choices, summary: "How to print the result" } };
}
