import type { Random } from "@ebb/base";
import {
  apiVersionOf,
  applySchema,
  CONVERSION_VERSIONS,
  conversionReview,
  isForeign,
  readConversion,
  StatusError,
  type Json,
  type Kind,
  type KubeObject,
} from "@ebb/kube";
import type { WebhookCaller } from "../admission/webhook-caller.ts";

/** Of one question, bytes: answers are bounded to three times that. */
const MOST_BYTES = 1024 * 1024;
/** k8s.io/apiextensions-apiserver asks for as long as a request lasts; what waits on a write must not. */
const TIMEOUT_SECONDS = 30;

/** Turns objects into another version of their kind; in the order given. Throws InternalError when the kind's webhook fails. */
export type Convert = (kind: Kind, objects: readonly KubeObject[]) => Promise<readonly KubeObject[]>;

export interface ConverterDeps {
  caller: WebhookCaller;
  random: Random;
}

/** By the webhook of the kind's definition, which is asked about those objects alone that are in another version. */
export function createConverter(deps: ConverterDeps): Convert {
  return async (kind, objects) => {
    const foreign = objects.filter((object) => isForeign(kind, object));
    if (foreign.length === 0) return objects;
    const converted: KubeObject[] = [];
    try {
      for (const batch of batches(foreign)) converted.push(...(await ask(kind, batch, deps)));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const from = foreign[0]?.apiVersion ?? "";
      throw Object.assign(new StatusError("InternalError", `conversion webhook for ${from}, Kind=${kind.kind} failed: ${why}`), {
        cause: error,
      });
    }
    const next = converted.values();
    return objects.map((object) => (isForeign(kind, object) ? (next.next().value ?? object) : object));
  };
}

async function ask(kind: Kind, objects: readonly KubeObject[], { caller, random }: ConverterDeps): Promise<KubeObject[]> {
  const { clientConfig = {}, conversionReviewVersions = [] } = kind.conversion ?? {};
  const version = conversionReviewVersions.find((each) => (CONVERSION_VERSIONS as readonly string[]).includes(each)) ?? "v1";
  const question = { version, uid: random.uuid(), desired: apiVersionOf(kind), objects };
  const webhook = { name: "conversion", clientConfig, timeoutSeconds: TIMEOUT_SECONDS };
  const text = await caller.call(webhook, JSON.stringify(conversionReview(question)));
  return readConversion(text, question).map((object) => fitted(kind, object));
}

/** Without fields that the version does not have, and with its defaults. */
function fitted(kind: Kind, object: KubeObject): KubeObject {
  return kind.schema ? (applySchema(kind.schema, object as unknown as Json, "").value as unknown as KubeObject) : object;
}

function* batches(objects: readonly KubeObject[]): Generator<KubeObject[]> {
  let batch: KubeObject[] = [];
  let bytes = 0;
  for (const object of objects) {
    const size = JSON.stringify(object).length;
    if (batch.length > 0 && bytes + size > MOST_BYTES) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(object);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
