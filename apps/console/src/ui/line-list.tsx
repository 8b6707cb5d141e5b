import { defaultRangeExtractor, useVirtualizer, type Range, type Virtualizer } from "@tanstack/react-virtual";
import ColumnHeightOutlined from "@ant-design/icons/ColumnHeightOutlined";
import DownOutlined from "@ant-design/icons/DownOutlined";
import Button from "antd/es/button";
import { memo, useCallback, useEffect, useEffectEvent, useRef, useState, type RefObject } from "react";
import { useFormat, useText } from "../i18n/language.tsx";
import { versionColour } from "./version.ts";

export interface Line {
  /** Unique and rising: rows keep their measured height when earlier ones are dropped. */
  id: number;
  time: string;
  text: string;
  version?: string;
  instance?: string;
  /** Written to standard error. */
  stderr?: boolean;
}

interface LineListProps {
  lines: readonly Line[];
  wrap: boolean;
  /** Reads out the list's purpose. */
  label: string;
  /** Pixels at most; the list is as short as its content. */
  height: number;
  /** Whether the reader is at the newest line, or has scrolled up to read. */
  onFollow?: (following: boolean) => void;
  /** Lines that wait until the reader is back there. */
  held?: number;
  /** Offers to show a line, by its id, among those around it. */
  onAround?: (id: number) => void;
  /** The line that is shown so: in the middle, and marked. */
  around?: number | null;
}

const ROW = 20;
/** Rows beside those in view. */
const OVERSCAN = 10;
/** More than any list keeps. Heights are remembered by key, and forgotten never: after so many lines the keys begin again. */
const KEYS = 200_000;
/** The last indices of so many. */
function tail(count: number, most: number): number[] {
  const first = Math.max(0, count - most);
  return Array.from({ length: count - first }, (_, index) => first + index);
}

/**
 * A row's height when the browser tells it, with the layout of a frame: one that was asked for it as it is drawn would have to lay out all of them
 * there and then. Rows follow each other in the document, so none lies over another until it is known.
 */
function measured(row: Element, entry: ResizeObserverEntry | undefined, list: Virtualizer<HTMLDivElement, Element>): number {
  const height = entry?.borderBoxSize[0]?.blockSize;
  if (height !== undefined) return Math.round(height);
  return list.itemSizeCache.get(list.options.getItemKey(list.indexFromElement(row))) ?? ROW;
}

/** Closer to the end than this counts as reading the newest line. */
const NEAR_END = 40;

/** Which rows are drawn: those in view, or the newest while the reader follows them. */
function useRows(
  lines: readonly Line[],
  scroller: RefObject<HTMLDivElement | null>,
  { atEnd, height }: { atEnd: boolean; height: number },
) {
  // The same as long as the lines are: with another one all of them are laid out anew, at each scroll and each line that is measured.
  const getItemKey = useCallback((index: number) => (lines[index]?.id ?? index) % KEYS, [lines]);
  // oxlint-disable-next-line react/incompatible-library -- its functions change what they return; nothing here is memoised
  return useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey,
    overscan: OVERSCAN,
    measureElement: measured,
    rangeExtractor: useCallback(
      // The newest are drawn before they are scrolled to: otherwise each flush of lines would draw the rows of before once more.
      (range: Range) => (atEnd ? tail(range.count, Math.ceil(height / ROW) + OVERSCAN) : defaultRangeExtractor(range)),
      [atEnd, height],
    ),
  });
}

/**
 * Log lines, only the visible ones in the document: a hundred thousand scroll smoothly. Stays at the newest line until the reader scrolls up,
 * and again once they are back at the end.
 */
export function LineList({ lines, wrap, label, height, onFollow, held = 0, onAround, around = null }: LineListProps) {
  const text = useText();
  const format = useFormat();
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEndState] = useState(true);
  const setAtEnd = (now: boolean) => {
    setAtEndState(now);
    if (now !== atEnd) onFollow?.(now);
  };
  const virtual = useRows(lines, scroller, { atEnd, height });
  // A list that goes leaves nobody who reads further up.
  const gone = useEffectEvent(() => onFollow?.(true));
  useEffect(() => () => gone(), []);
  const last = lines.at(-1)?.id;
  const total = virtual.getTotalSize();
  const drawn = virtual.getVirtualItems();
  useEffect(() => {
    if (!atEnd || last === undefined || total === 0) return undefined;
    // With the frame, which lays the lines out anyway.
    const frame = requestAnimationFrame(() => {
      const element = scroller.current;
      if (element !== null) element.scrollTop = element.scrollHeight;
    });
    return () => cancelAnimationFrame(frame);
  }, [last, atEnd, total]);

  const showAround = useEffectEvent((id: number) => {
    const index = lines.findIndex((line) => line.id === id);
    if (index === -1) return;
    setAtEnd(false);
    virtual.scrollToIndex(index, { align: "center" });
  });
  useEffect(() => {
    if (around === null) return undefined;
    // In the next frame: until then the list is as high as what was found.
    const frame = requestAnimationFrame(() => showAround(around));
    return () => cancelAnimationFrame(frame);
  }, [around]);

  const seen = useRef({ top: 0, height: 0 });
  const onScroll = () => {
    const element = scroller.current;
    if (element === null) return;
    const { scrollTop, scrollHeight, clientHeight } = element;
    // Lines that come between our own scrolling and its event move the end away, and a search that leaves few of them moves the top; only the
    // reader scrolls up in a list that is no shorter.
    if (scrollHeight - scrollTop - clientHeight < NEAR_END) setAtEnd(true);
    else if (scrollTop < seen.current.top && scrollHeight >= seen.current.height) setAtEnd(false);
    seen.current = { top: scrollTop, height: scrollHeight };
  };
  return (
    <div className="lines-frame">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable with the keyboard */}
      <div
        ref={scroller}
        className={wrap ? "lines wrap" : "lines"}
        style={{ maxHeight: height }}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={label}
      >
        <div style={{ height: total, position: "relative" }}>
          <div className="line-rows" style={{ transform: `translateY(${drawn[0]?.start ?? 0}px)` }}>
            {drawn.map((item) => {
              const line = lines[item.index];
              if (line === undefined) return null;
              return (
                <Row
                  key={item.key}
                  line={line}
                  index={item.index}
                  measure={virtual.measureElement}
                  marked={line.id === around}
                  onAround={onAround}
                />
              );
            })}
          </div>
        </div>
      </div>
      {!atEnd && (
        <Button size="small" className="to-newest" icon={<DownOutlined />} onClick={() => setAtEnd(true)}>
          {held === 0 ? text.logs.newest : text.logs.newestWith(format.number(held))}
        </Button>
      )}
    </div>
  );
}

interface RowProps {
  line: Line;
  index: number;
  measure: (row: Element | null) => void;
  marked: boolean;
  onAround: ((id: number) => void) | undefined;
}

const Row = memo(function Row({ line, index, measure, marked, onAround }: RowProps) {
  const text = useText();
  const format = useFormat();
  const time = format.time(line.time);
  return (
    <div
      data-index={index}
      ref={measure}
      className={`line ${line.stderr === true ? "stderr" : ""} ${marked ? "marked" : ""}`}
      title={line.instance}
    >
      <time dateTime={line.time}>{time}</time>
      {line.version !== undefined && (
        <b>
          <i style={{ background: versionColour(line.version) }} aria-hidden="true" />
          {line.version}
        </b>
      )}
      <span>{line.text}</span>
      {onAround && (
        <Button
          type="text"
          size="small"
          className="quiet line-around"
          icon={<ColumnHeightOutlined />}
          aria-label={text.logs.around(time)}
          title={text.logs.around(time)}
          onClick={() => onAround(line.id)}
        />
      )}
    </div>
  );
});
