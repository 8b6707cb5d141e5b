import { useVirtualizer } from "@tanstack/react-virtual";
import DownOutlined from "@ant-design/icons/DownOutlined";
import Button from "antd/es/button";
import { useEffect, useEffectEvent, useRef, useState } from "react";
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
}

const ROW = 20;
/** More than any list keeps. Heights are remembered by key, and forgotten never: after so many lines the keys begin again. */
const KEYS = 200_000;
/** Closer to the end than this counts as reading the newest line. */
const NEAR_END = 40;

/**
 * Log lines, only the visible ones in the document: a hundred thousand scroll smoothly. Stays at the newest line until the reader scrolls up,
 * and again once they are back at the end.
 */
export function LineList({ lines, wrap, label, height, onFollow, held = 0 }: LineListProps) {
  const text = useText();
  const format = useFormat();
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEndState] = useState(true);
  const setAtEnd = (now: boolean) => {
    setAtEndState(now);
    if (now !== atEnd) onFollow?.(now);
  };
  // oxlint-disable-next-line react/incompatible-library -- its functions change what they return; nothing here is memoised
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => (lines[index]?.id ?? index) % KEYS,
    overscan: 20,
  });
  // A list that goes leaves nobody who reads further up.
  const gone = useEffectEvent(() => onFollow?.(true));
  useEffect(() => () => gone(), []);
  const last = lines.at(-1)?.id;
  const total = virtual.getTotalSize();
  useEffect(() => {
    const element = scroller.current;
    if (element !== null && atEnd && last !== undefined) element.scrollTop = element.scrollHeight;
  }, [last, atEnd, total]);

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
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (line === undefined) return null;
            return (
              <div
                key={item.key}
                data-index={item.index}
                ref={virtual.measureElement}
                className={line.stderr === true ? "line stderr" : "line"}
                style={{ transform: `translateY(${item.start}px)` }}
                title={line.instance}
              >
                <time dateTime={line.time}>{format.time(line.time)}</time>
                {line.version !== undefined && (
                  <b>
                    <i style={{ background: versionColour(line.version) }} aria-hidden="true" />
                    {line.version}
                  </b>
                )}
                <span>{line.text}</span>
              </div>
            );
          })}
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
