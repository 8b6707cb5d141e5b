/** The sentences that are no longer true, and those that become so. */
export function wordChanges(before: readonly string[], after: readonly string[]): { goes: string[]; comes: string[] } {
  const without = (list: readonly string[], others: readonly string[]) => {
    const left = [...others];
    return list.filter((words) => {
      const at = left.indexOf(words);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  return { goes: without(before, after), comes: without(after, before) };
}
