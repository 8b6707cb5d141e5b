import { badRequest } from "@ebb/kube";

/** Where a list that was cut by `limit` goes on: after this key, in the state of this revision. */
export interface ContinueToken {
  /** Undefined: of the newest state, when the one that the list began with is forgotten. */
  revision: number | undefined;
  namespace: string;
  name: string;
}

/** As k8s.io/apiserver has it in its own tokens. */
const NEWEST = -1;

export function encodeContinue({ revision, namespace, name }: ContinueToken): string {
  return Buffer.from(JSON.stringify([revision ?? NEWEST, namespace, name])).toString("base64url");
}

/** Throws BadRequest for what is none of ours. */
export function decodeContinue(text: string): ContinueToken {
  try {
    const [revision, namespace, name] = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown[];
    if (Number.isSafeInteger(revision) && typeof namespace === "string" && typeof name === "string") {
      return { revision: revision === NEWEST ? undefined : Number(revision), namespace, name };
    }
  } catch {
    // Answered below, like a token of the wrong shape.
  }
  throw badRequest("continue key is not valid: use the one from the list before, unchanged");
}
