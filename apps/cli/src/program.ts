import { Command as Commander, CommanderError, InvalidArgumentError, Option } from "commander";
import { allOptions } from "./common-options.ts";
import type { Command, IntegerOption, OptionSpec, RawInput } from "./command.ts";
import { usageError, type Failure } from "./failure.ts";
import { argumentText, commandHelp, groupHelp, rootHelp } from "./help.ts";

export interface Invocation {
  readonly command: Command;
  readonly input: RawInput;
}

/** What a command line asks for: a command to run, or text to print. Throws Failure `usage` with the nearest help. */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  version: string,
): Invocation | { readonly text: string } {
  let found: Invocation | undefined;
  let printed = "";
  const complaints: string[] = [];
  let at = "";

  const settle = (commander: Commander, path: string, help: () => string) =>
    commander
      .exitOverride((error) => {
        at = path;
        throw error;
      })
      .configureOutput({ writeOut: (text) => (printed += text), writeErr: (text) => complaints.push(text) })
      .configureHelp({ formatHelp: help })
      .helpOption("-h, --help")
      .helpCommand(false);

  // Positional: `ebb logs hello --version v2` is about the version of hello, not of ebb.
  const root = settle(new Commander("ebb"), "", () => rootHelp(commands))
    .version(version, "-V, --version")
    .enablePositionalOptions();
  const groups = new Map<string, Commander>();
  for (const command of commands) {
    const [first = "", second] = command.name.split(" ");
    let parent = root;
    if (second !== undefined) {
      parent = groups.get(first) ?? settle(root.command(first), first, () => groupHelp(first, commands));
      groups.set(first, parent);
    }
    const leaf = settle(parent.command(second ?? first), command.name, () => commandHelp(command));
    // `ebb versions APP`, beside `ebb versions diff …`.
    if (second === undefined) groups.set(first, leaf);
    declare(leaf, command);
    leaf.action(() => {
      found = { command, input: readInput(leaf, command) };
    });
  }
  if (argv.length === 0) return { text: rootHelp(commands) };
  try {
    root.parse(helpAsOption(argv), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (["commander.helpDisplayed", "commander.version"].includes(error.code)) return { text: printed };
    throw complaint(complaints, at);
  }
  if (!found) throw complaint(complaints, at);
  return found;
}

/** `ebb help deploy` is `ebb deploy --help`. */
function helpAsOption(argv: readonly string[]): readonly string[] {
  return argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
}

function complaint(lines: readonly string[], path: string): Failure {
  const text = (lines.find((line) => line.startsWith("error:")) ?? "a command is missing").replace(/^error: /, "").trim();
  return usageError(text.replace("\n", " "), `See \`${["ebb", path, "--help"].filter(Boolean).join(" ")}\`.`);
}

function declare(leaf: Commander, command: Command): void {
  leaf.allowExcessArguments(false);
  for (const [name, spec] of Object.entries(command.args)) {
    const text = argumentText(name, spec.required, spec.variadic === true);
    leaf.argument(spec.required ? `<${text}>` : text);
  }
  for (const [name, spec] of Object.entries(allOptions(command))) leaf.addOption(declareOption(name, spec));
}

function declareOption(name: string, spec: OptionSpec): Option {
  const flags = `${spec.short === undefined ? "" : `-${spec.short}, `}--${name}`;
  if (spec.kind === "flag") return new Option(flags);
  const option = new Option(`${flags} <${spec.placeholder}>`);
  if (spec.kind === "integer") option.argParser((text) => integer(text, spec));
  if (spec.kind === "list") option.argParser((text, before: readonly string[] | undefined) => [...(before ?? []), text]);
  if (spec.kind === "text" && spec.choices) option.choices(spec.choices);
  return option;
}

function integer(text: string, spec: IntegerOption): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= spec.min && value <= spec.max) return value;
  throw new InvalidArgumentError(`Expected a whole number from ${spec.min} to ${spec.max}.`);
}

function readInput(leaf: Commander, command: Command): RawInput {
  const values: Record<string, unknown> = leaf.opts();
  const args = Object.fromEntries(
    Object.entries(command.args).map(([name, spec], at): [string, string | readonly string[] | undefined] => [
      name,
      spec.variadic ? leaf.args.slice(at) : leaf.args[at],
    ]),
  );
  const options = Object.fromEntries(Object.entries(allOptions(command)).map(([name, spec]) => [name, optionValue(values, name, spec)]));
  return { args, options };
}

function optionValue(values: Record<string, unknown>, name: string, spec: OptionSpec): RawInput["options"][string] {
  const key = (text: string) => text.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  // commander makes `--no-x` the negation of an option `x` that is on by default.
  if (name.startsWith("no-")) return values[key(name.slice("no-".length))] === false;
  const value = values[key(name)];
  if (spec.kind === "flag") return value === true;
  if (spec.kind === "list") return Array.isArray(value) ? value.map(String) : [];
  return typeof value === "string" || typeof value === "number" ? value : undefined;
}
