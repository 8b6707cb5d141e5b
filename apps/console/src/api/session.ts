import { ApiError } from "@ebb/api/client";
import { client } from "./connection.ts";

/** What this page was opened with; it left the address before anything was asked. */
interface Opening {
  /** A link's code was used before or is too old, or the identity provider did not confirm. */
  refused: "code" | "single-sign-on" | null;
  /** Lets its bearer choose a password. */
  invite: string | null;
}

const opening: Opening = { refused: null, invite: null };

export function openedWith(): Readonly<Opening> {
  return opening;
}

/**
 * Exchanges the code of a one-time link (`/?code=…`) for a session cookie, and keeps the one of an invitation (`/?invite=…`) for its page. Both
 * leave the address and the history before they are sent: nobody reads them over a shoulder, and going back does not send them twice.
 */
export async function redeemCode(): Promise<void> {
  const url = new URL(location.href);
  if (url.pathname !== "/") return;
  const take = (name: string) => {
    const value = url.searchParams.get(name);
    url.searchParams.delete(name);
    return value;
  };
  const [code, invite, refused] = [take("code"), take("invite"), take("refused")];
  if (code === null && invite === null && refused === null) return;
  history.replaceState(null, "", url);
  opening.invite = invite;
  if (refused !== null) opening.refused = "single-sign-on";
  if (code === null) return;
  try {
    await client.createSession(code);
  } catch (error) {
    // No answer or a broken server shows on the page itself, which asks again.
    if (error instanceof ApiError && error.problem.status >= 400 && error.problem.status < 500) opening.refused = "code";
  }
}

/** The invitation has been taken, or was none: the console opens as for everybody. */
export function leaveInvite(): void {
  opening.invite = null;
}
