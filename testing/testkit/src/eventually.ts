/** Polls `probe` until it returns something truthy, and returns that; throws with its last error when `timeout` milliseconds are over. */
export async function eventually<T>(probe: () => T | Promise<T>, timeout = 10_000, interval = 20): Promise<NonNullable<T>> {
  const end = performance.now() + timeout;
  let last: unknown = new Error("the condition was never true");
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) throw new Error(`not within ${timeout} ms`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
