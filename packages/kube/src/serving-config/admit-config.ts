import { UserError } from "@ebb/base";
import type { ConfigMap } from "../core.ts";
import { badRequest } from "../status-errors.ts";
import { EXAMPLE_CHECKSUM, EXAMPLE_KEY, exampleChecksum } from "./example.ts";
import type { ConfigData } from "./read-data.ts";

/** Where Knative's own ConfigMaps are. */
export const SERVING_NAMESPACE = "knative-serving";

/** Reads the data of the ConfigMap of this name as the cluster would; throws UserError when it cannot. False for a name it does not know. */
export type ConfigCheck = (name: string, data: ConfigData) => boolean;

/** knative's config.webhook.serving.knative.dev: a configuration that cannot be read is never stored. Throws BadRequest in its words. */
export function admitServingConfig({ metadata, data = {} }: ConfigMap, check: ConfigCheck): void {
  if (metadata.namespace !== SERVING_NAMESPACE) return;
  let known: boolean;
  try {
    known = check(metadata.name, data);
  } catch (error) {
    throw error instanceof UserError ? denied(error.message) : error;
  }
  const example = data[EXAMPLE_KEY];
  const checksum = metadata.annotations?.[EXAMPLE_CHECKSUM];
  if (!known || example === undefined || checksum === undefined || checksum === exampleChecksum(example)) return;
  throw denied(
    `the update modifies a key in "${EXAMPLE_KEY}" which is probably not what you want. Instead, copy the respective setting to the ` +
      `top-level of the ConfigMap, directly below "data"`,
  );
}

function denied(why: string): Error {
  return badRequest(`admission webhook "config.webhook.serving.knative.dev" denied the request: validation failed: ${why}`);
}
