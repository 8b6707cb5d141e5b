import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { deflateRawSync } from "node:zlib";

/**
 * Writes packages/apiserver/src/rest/descriptions.bin: what Kubernetes' documentation says of the fields of its own kinds, for `kubectl explain`. The
 * source is the comments in @kubernetes/client-node's generated models (Apache-2.0, © The Kubernetes Authors), which are those of the API's OpenAPI
 * document; of the fields in messages.json alone. `node scripts/kubernetes-descriptions.ts node_modules/@kubernetes/client-node/dist/gen/models`. The file is deflated JSON: MESSAGE → FIELD → text, with "" for the message itself.
 */
const MESSAGES = new URL("../packages/kube/src/builtin/messages.json", import.meta.url);
const OUTPUT = new URL("../packages/apiserver/src/rest/descriptions.bin", import.meta.url);
const MODELS = pathToFileURL(`${process.argv[2] ?? ""}/`);

const messages = JSON.parse(readFileSync(MESSAGES, "utf8")) as Record<string, Record<string, unknown>>;
const models = new Set(readdirSync(MODELS));

/** `core.v1.PodSpec` → V1PodSpec, or CoreV1Event where the name alone is another group's. */
function modelOf(message: string): string | undefined {
  const [group = "", version = "", name = ""] = message.split(".");
  const camel = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  const names = [`${camel(group)}${camel(version)}${name}`, `${camel(version)}${name}`].map((each) => `${each}.d.ts`);
  const found = names.find((each) => models.has(each));
  return found === undefined ? undefined : readFileSync(new URL(found, MODELS), "utf8");
}

const clean = (comment: string) =>
  comment
    .replaceAll(/\n\s*\* ?/g, "\n")
    .replaceAll(/\\(["'])/g, "$1")
    .trim();

function describe(text: string): Record<string, string> {
  const descriptions: Record<string, string> = {};
  const whole = /\/\*\*\n\* ((?:(?!\*\/)[\s\S])*)\*\/\nexport declare class/.exec(text);
  if (whole?.[1]) descriptions[""] = clean(whole[1]);
  for (const [, comment = "", field = ""] of text.matchAll(/\/\*\*\n\s*\* ((?:(?!\*\/)[\s\S])*)\*\/\n\s*'([^']+)'\??:/g)) {
    descriptions[field.replace(/^_/, "")] = clean(comment);
  }
  return descriptions;
}

const all = Object.keys(messages).flatMap((message) => {
  const model = modelOf(message);
  return model === undefined ? [] : [[message, describe(model)] as const];
});
writeFileSync(OUTPUT, deflateRawSync(JSON.stringify(Object.fromEntries(all)), { level: 9 }));
