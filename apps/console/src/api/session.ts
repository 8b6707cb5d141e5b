import { ApiError } from "@ebb/api/client";
import { client } from "./connection.ts";

let refused = false;

/** Whether this page was opened with a code that was used before or is too old. */
export function codeRefused(): boolean {
  return refused;
}

/**
 * Exchanges the code of a one-time link (`/?code=…`) for a session cookie. The code leaves the address and the history before it is sent:
 * nobody reads it over a shoulder, and going back does not send it twice.
 */
export async function redeemCode(): Promise<void> {
  const url = new URL(location.href);
  const code = url.searchParams.get("code");
  if (code === null) return;
  url.searchParams.delete("code");
  history.replaceState(null, "", url);
  try {
    await client.createSession(code);
  } catch (error) {
    // No answer or a broken server shows on the page itself, which asks again.
    refused = error instanceof ApiError && error.problem.status >= 400 && error.problem.status < 500;
  }
}
