/** Milliseconds after which something that hangs holds up nothing any more. */
const HANGS = 10_000;

/**
 * Does something once for many calls with the same key: `delay` milliseconds after the first, and not again before it has ended. A list of
 * thousands of apps takes longer to read than a deploy takes to change again: begun anew each time, it would not be read until all is quiet.
 */
export function gather<Key>(act: (key: Key) => Promise<unknown>, delay: number): (key: Key) => void {
  const underWay = new Map<string, { again: boolean }>();
  const begin = (key: Key, id: string) => {
    const state = { again: false };
    underWay.set(id, state);
    setTimeout(() => {
      state.again = false;
      const end = () => {
        clearTimeout(timer);
        if (underWay.get(id) !== state) return;
        underWay.delete(id);
        if (state.again) begin(key, id);
      };
      const timer = setTimeout(end, HANGS);
      void act(key).then(end, end);
    }, delay);
  };
  return (key) => {
    const id = JSON.stringify(key);
    const state = underWay.get(id);
    if (state === undefined) begin(key, id);
    else state.again = true;
  };
}
