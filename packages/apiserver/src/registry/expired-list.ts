import { isStatus, StatusError, type StatusBody } from "@ebb/kube";
import { encodeContinue, type ContinueToken } from "./continue-token.ts";

/** k8s.io/apiserver pkg/storage/errors.go, word for word: clients show it. */
const TOO_OLD =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use " +
  "the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent " +
  "list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
const TOO_OLD_VERSION = "The resourceVersion for the provided list is too old.";

/** A page of a state that is forgotten: with a token by which the client may go on in the newest one. */
class ExpiredPage extends StatusError {
  readonly #continue: string;

  constructor(token: ContinueToken) {
    super("Expired", TOO_OLD);
    this.#continue = encodeContinue({ ...token, revision: undefined });
  }

  override toBody(): StatusBody {
    return { ...super.toBody(), metadata: { continue: this.#continue } };
  }
}

/** Reads a state, and says what it means for a list when that is forgotten. */
export function readState<T>(read: () => T, token: ContinueToken | undefined): T {
  try {
    return read();
  } catch (error) {
    if (!isStatus(error, "Expired")) throw error;
    throw Object.assign(token ? new ExpiredPage(token) : new StatusError("Expired", TOO_OLD_VERSION), { cause: error });
  }
}
