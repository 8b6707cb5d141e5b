import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useState, type RefObject } from "react";

/** No more rows than this are all in the document: the browser's own search finds them. */
export const ALL_DRAWN = 60;

export interface WindowRows {
  /** The rows to draw, by their index. */
  rows: readonly number[];
  /** Pixels of the rows that are not drawn, above and below. */
  before: number;
  after: number;
  /** Of each drawn row's element, which has its index as `data-index`: rows may have different heights. */
  measure: (row: Element | null) => void;
}

interface Rows {
  count: number;
  /** A row's usual height, and what is between two; pixels. */
  estimate: number;
  gap?: number;
}

/** Which of many rows are in view as the window scrolls: thousands stay smooth. `list`: the element that begins with the first of them. */
export function useWindowRows(list: RefObject<HTMLElement | null>, { count, estimate, gap = 0 }: Rows): WindowRows {
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    if (list.current !== null) setMargin(list.current.getBoundingClientRect().top + scrollY);
  }, [list, count]);
  // oxlint-disable-next-line react/incompatible-library -- its functions change what they return; nothing here is memoised
  const virtual = useWindowVirtualizer({
    count,
    estimateSize: () => estimate,
    overscan: 8,
    gap,
    scrollMargin: margin,
    enabled: count > ALL_DRAWN,
  });
  if (count <= ALL_DRAWN)
    return { rows: Array.from({ length: count }, (_, index) => index), before: 0, after: 0, measure: () => undefined };
  const items = virtual.getVirtualItems();
  const before = (items[0]?.start ?? margin) - margin;
  const after = virtual.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin);
  return { rows: items.map(({ index }) => index), before, after, measure: virtual.measureElement };
}
