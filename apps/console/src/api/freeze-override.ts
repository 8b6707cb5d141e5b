/** Why a freeze does not hold for what is asked just now; null: it does. */
let reason: string | null = null;

/** What a change is sent with: the platform audits it, and takes it from its administrators only. */
export function overrideHeaders(method: string | undefined): Record<string, string> {
  return reason === null || method === "GET" ? {} : { "ebb-override-freeze": encodeURIComponent(reason) };
}

/** Does it although the environment is frozen, for this reason; nothing else is done so before or after. */
export async function overridingFreeze(why: string, act: () => Promise<unknown>): Promise<void> {
  reason = why;
  try {
    await act();
  } finally {
    reason = null;
  }
}
