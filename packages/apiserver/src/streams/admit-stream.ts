import { isDeepStrictEqual } from "node:util";
import type { Admission } from "../admission/admission.ts";
import type { Target } from "../registry/staged-write.ts";
import { connectOptions, connectQuery } from "./connect-options.ts";
import type { StreamRequest } from "./plan-stream.ts";

/**
 * Asks admission about a request for a stream, as the operation CONNECT: mutating webhooks may change what it asks for. The request is the same one if
 * nobody did. Throws what is said against it.
 */
export async function admitStream(
  request: StreamRequest,
  target: Target,
  { subresource, admission }: { subresource: string; admission: Admission },
): Promise<StreamRequest> {
  const { kind, namespace = "", name } = target;
  const context = { user: request.user };
  const line = { kind, subresource, namespace, name, context };
  if (!admission.concerns(line, ["CONNECT"])) return request;
  const object = connectOptions(subresource, request.query);
  const attributes = { ...line, operation: "CONNECT" as const, object, options: {} };
  const admitted = (await admission.mutate(attributes)) ?? object;
  await admission.validate({ ...attributes, object: admitted });
  return isDeepStrictEqual(admitted, object) ? request : { ...request, query: connectQuery(admitted) };
}
