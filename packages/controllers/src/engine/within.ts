import { sleep, TransientError, type Clock } from "@ebb/base";

/** The promise's result, or a TransientError `timeout` when it takes longer than `limit` milliseconds. The work itself goes on. */
export async function within<T>(clock: Clock, limit: number, what: string, promise: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = sleep(clock, limit, done.signal).then(() => {
    throw new TransientError("timeout", `${what} took longer than ${limit / 1000} s`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    // The sleep that lost rejects with the abort, and nobody waits for it any more.
    late.catch(() => undefined);
    done.abort();
  }
}
