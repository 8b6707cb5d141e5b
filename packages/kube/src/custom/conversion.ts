import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { isJsonObject, type Json, type JsonObject } from "../patch.ts";
import type { WebhookClientConfig } from "../webhooks/webhook-configuration.ts";

/** Who turns objects of a definition from one version into another; apiextensions.k8s.io/v1 WebhookConversion. */
export interface ConversionWebhook {
  clientConfig?: WebhookClientConfig;
  /** The versions of ConversionReview that it speaks, the one that it likes best first. */
  conversionReviewVersions?: string[];
}

export const CONVERSION_VERSIONS = ["v1", "v1beta1"] as const;

/** Whether the object has yet to be turned into this version of its kind by the kind's webhook. */
export function isForeign(kind: Kind, object: KubeObject): boolean {
  return kind.conversion !== undefined && object.apiVersion !== apiVersionOf(kind);
}

interface Question {
  version: string;
  uid: string;
  desired: string;
  objects: readonly KubeObject[];
}

/** apiextensions.k8s.io ConversionReview. */
export function conversionReview({ version, uid, desired, objects }: Question): object {
  const request = { uid, desiredAPIVersion: desired, objects };
  return { kind: "ConversionReview", apiVersion: `apiextensions.k8s.io/${version}`, request };
}

/**
 * The objects in the wanted version, in the order in which they were asked for. All that a webhook may change of their metadata is labels and
 * annotations. Throws an Error in the words of k8s.io/apiextensions-apiserver pkg/apiserver/conversion.
 */
export function readConversion(text: string, question: Question): KubeObject[] {
  const { version, uid, desired, objects } = question;
  const review = JSON.parse(text) as Json;
  const { apiVersion, kind, response } = isJsonObject(review) ? review : {};
  if (apiVersion !== `apiextensions.k8s.io/${version}` || kind !== "ConversionReview")
    throw new Error(`expected webhook response of apiextensions.k8s.io/${version}, Kind=ConversionReview`);
  if (!isJsonObject(response)) throw new Error("no response provided");
  if (response["uid"] !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response["uid"] ?? "")}`);
  const { status, message } = isJsonObject(response["result"]) ? response["result"] : {};
  if (status !== "Success") throw new Error(typeof message === "string" && message !== "" ? message : "unknown error");
  const converted = Array.isArray(response["convertedObjects"]) ? response["convertedObjects"] : [];
  if (converted.length !== objects.length) throw new Error(`webhook returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((object, index) => checked(object, converted[index], { at: `invalid converted object at index ${index}`, desired }));
}

function checked(object: KubeObject, converted: Json | undefined, { at, desired }: { at: string; desired: string }): KubeObject {
  if (!isJsonObject(converted)) throw new Error(`${at}: it is no object`);
  const { apiVersion, kind, metadata } = converted;
  if (apiVersion !== desired) throw new Error(`${at}: invalid groupVersion, expected=${desired}, got=${brief(apiVersion)}`);
  if (kind !== object.kind) throw new Error(`${at}: invalid kind, expected=${object.kind}, got=${brief(kind)}`);
  if (!isJsonObject(metadata)) throw new Error(`${at}: invalid metadata`);
  for (const name of ["name", "namespace", "uid"] as const) {
    if ((metadata[name] ?? "") !== (object.metadata[name] ?? ""))
      throw new Error(`${at}: the ${name} must stay as it is: ${brief(object.metadata[name])}`);
  }
  const { labels: _, annotations: __, ...own } = object.metadata;
  const kept = { ...own, ...textsOf(metadata, "labels", at), ...textsOf(metadata, "annotations", at) };
  return { ...converted, metadata: kept } as unknown as KubeObject;
}

function textsOf(metadata: JsonObject, name: "labels" | "annotations", at: string): JsonObject {
  const map = metadata[name];
  if (map === undefined || map === null) return {};
  if (!isJsonObject(map) || Object.values(map).some((value) => typeof value !== "string"))
    throw new Error(`${at}: metadata.${name} must be a map of strings`);
  return { [name]: map };
}

function brief(value: unknown): string {
  return JSON.stringify(value ?? "").slice(0, 200);
}
