import { variableName } from "../assignments.ts";
import { defineCommand } from "../command.ts";
import { applyPatch, CHANGE, INHERIT, LAYER, targetOf } from "../configuration.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure, usageError } from "../failure.ts";
import { readNamedFile } from "../named-file.ts";
import { removal } from "./vars.ts";
import { ageOf } from "../output/durations.ts";

const APP = { summary: "The application; not with --layer", required: true, completes: "app" } as const;
/** The API's own bound, in characters. */
const LONGEST_SECRET = 262_144;

export const secretsListCommand = defineCommand({
  name: "secrets list",
  summary: "Lists the names of an application's secrets",
  description: "Values are never shown again, to nobody but the application.",
  args: { app: { ...APP, required: false } },
  options: LAYER,
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb secrets list hello", what: "Names, and when each was set; also those of its environment, its team and the platform" },
    { run: "ebb secrets list --layer team", what: "Those that a team gives to all its applications" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { target } = await targetOf(context, client, args.app === undefined ? [] : [args.app], options);
    const data =
      "place" in target
        ? await client.listSecrets(target.place)
        : { items: (await client.getLayer(target.layer)).items.filter(({ kind }) => kind === "secret") };
    context.output.table({
      data,
      rows: data.items,
      columns: [
        { header: "NAME", value: (secret) => secret.name },
        { header: "AGE", value: (secret) => ageOf(secret.updatedAt, context.host.clock.now()), align: "right" },
      ],
      empty: `${args.app ?? "The layer"} has no secrets. Set one: ebb secrets set ${args.app ?? "--layer LAYER"} KEY`,
    });
  },
});

export const secretsSetCommand = defineCommand({
  name: "secrets set",
  summary: "Sets a secret of an application, or of a layer above it",
  description: `The application finds it in its environment. The value is asked for, or read from standard input or a file (without its
last line break): never from the command line, where other users and the shell's history would see it. Makes a new version.`,
  args: { app: APP, name: { summary: "The variable that the application reads it from", required: false } },
  options: {
    ...CHANGE,
    "from-file": { kind: "text", placeholder: "FILE", completes: "file", summary: "Read the value from this file" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb secrets set hello API_KEY", what: "Asks for the value" },
    { run: "pass show hello/api-key | ebb secrets set hello API_KEY", what: "From a password manager" },
    { run: "ebb secrets set hello TLS_KEY --from-file key.pem", what: "From a file" },
  ],
  async run(context, { args, options }) {
    // Before anybody types a value for nothing.
    const client = await context.connect();
    const { target, rest } = await targetOf(context, client, args.name === undefined ? [args.app] : [args.app, args.name], options);
    const [word, more] = rest;
    if (word === undefined || more !== undefined) throw usageError("one secret is set at a time", "Name it: ebb secrets set APP NAME.");
    const name = variableName(word);
    const value = await secretValue(context, name, options["from-file"]);
    await applyPatch(context, client, { target, patch: { secrets: { [name]: value } } }, options);
  },
});

export const secretsUnsetCommand = defineCommand({
  name: "secrets unset",
  summary: "Removes secrets of an application",
  description: "Makes a new version without them.",
  args: { app: APP, names: { summary: "The secrets", required: false, variadic: true } },
  options: { ...CHANGE, ...INHERIT },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb secrets unset hello API_KEY", what: "One" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { target, rest } = await targetOf(context, client, [args.app, ...args.names], options);
    await applyPatch(context, client, { target, patch: removal("secrets", rest, options.inherit) }, options);
  },
});

export const secretsRotateKeyCommand = defineCommand({
  name: "secrets rotate-key",
  summary: "Changes the master key that all secrets are encrypted under",
  description: `Makes a new key in the data folder and encrypts the data keys with it; the values themselves stay as they are, and nothing is
deployed. Where the key is given by EBB_MASTER_KEY or EBB_MASTER_KEY_FILE: put the new one first and the old one behind a comma, restart,
run this, then remove the old one. For platform administrators.`,
  args: {},
  options: {},
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb secrets rotate-key", what: "As often as your rules ask for" }],
  async run(context) {
    const rotation = await (await context.connect()).rotateKeys();
    context.output.show(rotation, () => [
      `${rotation.rewrapped === 1 ? "1 data key is" : `${rotation.rewrapped} data keys are`} encrypted under the master key ${rotation.masterKey} (${rotation.source}).`,
    ]);
  },
});

async function secretValue(context: Context, name: string, file: string | undefined): Promise<string> {
  const value = file === undefined ? await askedOrPiped(context, name) : decode(await readNamedFile(context, file));
  if (value === "") throw usageError(`the value of ${name} is empty`, `To remove a secret: ebb secrets unset APP ${name}`);
  if (value.length > LONGEST_SECRET) throw usageError(`the value of ${name} is longer than ${LONGEST_SECRET} characters`);
  return value;
}

/** Never an argument: those are seen by everybody on the machine. */
export async function askedOrPiped(context: Context, name: string): Promise<string> {
  const { stdin, stderr } = context.host;
  if (stdin.isTTY) {
    const { isCancel, password } = await import("@clack/prompts");
    const answer = await password({ message: `Value of ${name}`, input: stdin, output: stderr, signal: context.host.interrupted });
    if (isCancel(answer)) throw new Failure("cancelled: nothing was changed", { exit: EXIT.interrupted });
    return answer ?? "";
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk as Uint8Array));
    length += (chunk as Uint8Array).length;
    // Four bytes are the longest character: beyond this it is too long whatever it is.
    if (length > LONGEST_SECRET * 4) break;
  }
  return decode(Buffer.concat(chunks));
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch (error) {
    throw new Failure("the value is not UTF-8 text", { exit: EXIT.usage, hint: "Encode it first, for example with base64.", cause: error });
  }
}
