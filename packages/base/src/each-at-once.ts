/**
 * Does the work for each item, at most `width` of them at once. Whatever fails, what has begun has ended when it rejects, with one of the failures;
 * what has not begun by then is left.
 */
export async function eachAtOnce<Item>(items: Iterable<Item>, width: number, work: (item: Item) => Promise<unknown>): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed = false;
  const worker = async () => {
    for (let next = rest.next(); !next.done && !failed; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: width }, worker));
  for (const each of ended) if (each.status === "rejected") throw each.reason;
}
