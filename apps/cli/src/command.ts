import type { Context } from "./context.ts";

/** What a shell offers at this place. */
export type Completion = "app" | "version" | "environment" | "team" | "folder" | "file";

interface OptionBase {
  readonly summary: string;
  /** One letter, without the dash. */
  readonly short?: string;
}
export interface FlagOption extends OptionBase {
  readonly kind: "flag";
}
export interface TextOption extends OptionBase {
  readonly kind: "text";
  readonly placeholder: string;
  readonly choices?: readonly string[];
  readonly completes?: Completion;
}
export interface IntegerOption extends OptionBase {
  readonly kind: "integer";
  readonly placeholder: string;
  readonly min: number;
  readonly max: number;
}
/** May be given more than once. */
export interface ListOption extends OptionBase {
  readonly kind: "list";
  readonly placeholder: string;
}
export type OptionSpec = FlagOption | TextOption | IntegerOption | ListOption;
/** Long names without the dashes → what they are. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export interface ArgumentSpec {
  readonly summary: string;
  readonly required: boolean;
  /** Only the last may be: it takes all that is left. */
  readonly variadic?: boolean;
  readonly completes?: Completion;
}
/** In the order in which they are written. */
export type ArgumentSpecs = Readonly<Record<string, ArgumentSpec>>;

type OptionValue<S extends OptionSpec> = S extends FlagOption
  ? boolean
  : S extends ListOption
    ? readonly string[]
    : S extends IntegerOption
      ? number | undefined
      : string | undefined;
type ArgumentValue<S extends ArgumentSpec> = S extends { variadic: true }
  ? readonly string[]
  : S extends { required: true }
    ? string
    : string | undefined;

export interface Input<A extends ArgumentSpecs, O extends OptionSpecs> {
  readonly args: { readonly [K in keyof A]: ArgumentValue<A[K]> };
  readonly options: { readonly [K in keyof O]: OptionValue<O[K]> };
}

export interface Example {
  readonly run: string;
  readonly what: string;
}

interface CommandFacts {
  /** The words after `ebb`: `deploy`, `env set`. */
  readonly name: string;
  /** One line, in the third person, without a full stop. */
  readonly summary: string;
  /** What the summary leaves out. */
  readonly description?: string;
  /** Left out of help, documentation and completion. */
  readonly hidden?: boolean;
  /** Adds -o: everything (a table by default) or data alone (for commands that mainly act). */
  readonly prints?: "table" | "data";
  /** Adds --server and --data (a platform that runs), or --data alone (the machine's own). */
  readonly uses: "platform" | "data-folder" | "nothing";
  readonly examples: readonly [Example, ...Example[]];
}

/** One command as data: parsing, validation, help, completion and documentation all come from it. */
export interface Command extends CommandFacts {
  readonly args: ArgumentSpecs;
  readonly options: OptionSpecs;
  run(context: Context, input: RawInput): Promise<void>;
}

export interface RawInput {
  readonly args: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly options: Readonly<Record<string, boolean | number | string | readonly string[] | undefined>>;
}

interface CommandSpec<A extends ArgumentSpecs, O extends OptionSpecs> extends CommandFacts {
  readonly args: A;
  readonly options: O;
  /** Throws Failure, ApiError or EbbError; prints through the context only. */
  run(context: Context, input: Input<A, O>): Promise<void>;
}

/** Checks a command against its own data: `run` gets each argument and option with the type that its spec says. */
export function defineCommand<const A extends ArgumentSpecs, const O extends OptionSpecs>(spec: CommandSpec<A, O>): Command {
  // The parser (program.ts) makes exactly the shape that the specs describe, which is what Input<A, O> states.
  return { ...spec, run: (context, input) => spec.run(context, input as Input<A, O>) };
}
