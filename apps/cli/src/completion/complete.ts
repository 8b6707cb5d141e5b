import { allOptions } from "../common-options.ts";
import type { Command, Completion, OptionSpec } from "../command.ts";
import { GROUPS } from "../help.ts";

/** What to offer at a place: words of our own, or a lookup that the shell or the platform answers. */
export interface Candidates {
  readonly words: readonly { readonly word: string; readonly summary: string }[];
  readonly lookup?: Completion;
  /** The application that versions are looked up for. */
  readonly app?: string;
}

const NOTHING: Candidates = { words: [] };

/** `words` is what stands after `ebb`, the last of it being written (it may be empty). Pure: lookups are left to the caller. */
export function complete(words: readonly string[], commands: readonly Command[]): Candidates {
  const visible = commands.filter((command) => !command.hidden);
  const typed = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const matching = visible.filter((candidate) => candidate.name === typed.slice(0, candidate.name.split(" ").length).join(" "));
  const command = matching.toSorted((a, b) => b.name.length - a.name.length)[0];
  if (!command) return starting(current, commandWords(typed, visible));
  const rest = typed.slice(command.name.split(" ").length);
  return completeIn(command, rest, current);
}

function commandWords(typed: readonly string[], commands: readonly Command[]): Candidates["words"] {
  if (typed.length === 0) {
    const firsts = [...new Set(commands.map((command) => command.name.split(" ")[0] ?? ""))];
    return firsts.map((word) => ({ word, summary: GROUPS[word] ?? commands.find((command) => command.name === word)?.summary ?? "" }));
  }
  if (typed.length > 1) return [];
  return commands.flatMap((command) => {
    const [first, second] = command.name.split(" ");
    return first === typed[0] && second !== undefined ? [{ word: second, summary: command.summary }] : [];
  });
}

function completeIn(command: Command, rest: readonly string[], current: string): Candidates {
  const options = allOptions(command);
  const positionals: string[] = [];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? "";
    if (!word.startsWith("-")) positionals.push(word);
    else if (takesValue(optionOf(word, options))) at += 1;
  }
  const before = rest.at(-1) ?? "";
  const awaiting = before.startsWith("-") && !before.includes("=") ? optionOf(before, options) : undefined;
  if (awaiting && takesValue(awaiting)) return valueOf(awaiting, current, positionals[0]);
  if (current.startsWith("-")) {
    return starting(
      current,
      Object.entries(options).map(([name, spec]) => ({ word: `--${name}`, summary: spec.summary })),
    );
  }
  return argumentCandidates(command, positionals, current);
}

function argumentCandidates(command: Command, positionals: readonly string[], current: string): Candidates {
  const specs = Object.values(command.args);
  const last = specs.at(-1);
  const spec = specs[positionals.length] ?? (last?.variadic ? last : undefined);
  if (!spec?.completes) return command.name === "completion" ? starting(current, SHELLS) : NOTHING;
  // `ebb open` takes one word that is no application.
  const extra = command.name === "open" ? starting(current, [{ word: "console", summary: "The console" }]).words : [];
  return { words: extra, lookup: spec.completes, ...(positionals[0] !== undefined && { app: positionals[0] }) };
}

const SHELLS: Candidates["words"] = ["bash", "zsh", "fish"].map((word) => ({ word, summary: `Completion for ${word}` }));

function valueOf(spec: OptionSpec, current: string, app: string | undefined): Candidates {
  if (spec.kind !== "text") return NOTHING;
  if (spec.choices)
    return starting(
      current,
      spec.choices.map((word) => ({ word, summary: "" })),
    );
  return spec.completes ? { words: [], lookup: spec.completes, ...(app !== undefined && { app }) } : NOTHING;
}

function optionOf(word: string, options: Readonly<Record<string, OptionSpec>>): OptionSpec | undefined {
  if (word.startsWith("--")) return options[word.slice(2)];
  return Object.values(options).find((spec) => spec.short === word.slice(1));
}

function takesValue(spec: OptionSpec | undefined): boolean {
  return spec !== undefined && spec.kind !== "flag";
}

function starting(current: string, words: Candidates["words"]): Candidates {
  return { words: words.filter(({ word }) => word.startsWith(current)) };
}
