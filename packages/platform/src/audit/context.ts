import { AsyncLocalStorage } from "node:async_hooks";

/** Who changes something and from where, of the request that is being answered. */
export interface Origin {
  actor: string;
  /** The user who answers for it; empty: the platform. */
  actorId: string;
  /** The id of the token or session. */
  credential: string;
  address: string;
  client: string;
  request: string;
  /** Why a platform administrator changes what is frozen; absent: nobody does. */
  overrideFreeze?: string;
  /** What the request changes, as `revisions/keys.ts` names it. */
  resource?: string;
  /** The revisions of it that the request may be made on (`If-Match`); absent: whatever there is. */
  expected?: readonly string[] | "any";
  /** That which the request gave it. */
  revision?: number;
  /** Rows written for this request so far: a change that wrote none gets one from its route. */
  recorded: number;
}

const storage = new AsyncLocalStorage<Origin>();

/** What the platform does on its own account (retention, expiry, operations that go on after a restart). */
const PLATFORM: Origin = { actor: "platform", actorId: "", credential: "", address: "", client: "", request: "", recorded: 0 };

/** The request's, wherever it is awaited from; the platform itself outside of requests. */
export function currentOrigin(): Origin {
  return storage.getStore() ?? PLATFORM;
}

/** Runs what goes on after the request that set it off. */
export function asPlatform<T>(run: () => T): T {
  return storage.exit(run);
}

export function withOrigin<T>(origin: Origin, run: () => T): T {
  return storage.run(origin, run);
}
