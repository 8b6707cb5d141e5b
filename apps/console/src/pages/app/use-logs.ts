import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import type { Place } from "@ebb/api";
import { client } from "../../api/connection.ts";
import { useVisible } from "../../api/visible.ts";
import type { Line } from "../../ui/line-list.tsx";
import type { TimeSpan } from "../../api/time-span.ts";
import { append, overOf, type Bounds, type KeptLines } from "./kept-lines.ts";
import { ResumePoint } from "./resume-point.ts";

export interface LogQuery {
  place: Place;
  version: string | undefined;
  instance: string | undefined;
  /** Without a beginning: the newest lines, and those that come. */
  span: TimeSpan;
}

export interface LogFeed {
  lines: Line[];
  /** Earlier lines that are no longer kept. */
  dropped: number;
  /** Lines held back while paused. */
  held: number;
  /** `done`: there is all of a time that is over. */
  state: "connecting" | "live" | "broken" | "done";
  error: unknown;
  clear: () => void;
}

/**
 * What a search in the page should still find; about 15 MB of usual lines, and as much to walk through each time that lines are shown. Of very long
 * ones fewer: 24 million characters are 24 MB, or twice that where they are not Latin.
 */
const KEPT: Bounds = { lines: 50_000, chars: 24_000_000 };
/** How far back to begin. */
const TAIL = 1_000;
const AGAIN = 2_000;
/** Lines are shown at most so often (milliseconds): each time costs as much as there are lines. */
const GATHER = 100;
const SELDOM = 1000;
/** Showing them takes at most one part in so many of the page's time, however slow the machine is: the rest is for whoever reads. */
const SHARE = 5;
/** Lines that come faster than they are read off are taken in turns of so many milliseconds: keys and clicks come in between. */
const TURN = 8;

const nothing: KeptLines = { lines: [], dropped: 0 };

/**
 * Follows an app's logs while the page is visible, from the last line it has; shows nothing new while `paused`, and loses nothing either.
 * Another query needs another component (a `key`): lines of two queries must not mix.
 */
export function useLogs({ place: { app, env }, version, instance, span: { from, to } }: LogQuery, paused: boolean): LogFeed {
  const visible = useVisible();
  const [kept, setKept] = useState(nothing);
  const [held, setHeld] = useState(0);
  const [state, setState] = useState<LogFeed["state"]>("connecting");
  const [error, setError] = useState<unknown>(null);
  const [lost, setLost] = useState(0);
  const buffer = useRef<Line[]>([]);
  const flushed = useRef({ at: 0, cost: 0 });
  const resume = useRef(new ResumePoint());
  const pausedNow = useRef(paused);

  const flush = useEffectEvent(() => {
    if (pausedNow.current) {
      // What is held back would only push itself out; it is counted like what is no longer kept.
      const over = buffer.current.splice(0, overOf(buffer.current, KEPT)).length;
      if (over > 0) setLost((before) => before + over);
      setHeld(buffer.current.length);
      return;
    }
    const added = buffer.current;
    buffer.current = [];
    flushed.current.at = performance.now();
    setHeld(0);
    if (added.length > 0) setKept((now) => append(now, added, KEPT));
  });

  // After whichever render comes first: that is the one with the new lines.
  useEffect(() => {
    const { at } = flushed.current;
    if (at !== 0) flushed.current = { at: 0, cost: performance.now() - at };
  });

  useEffect(() => {
    pausedNow.current = paused;
    flush();
  }, [paused]);

  useEffect(() => {
    if (!visible) return undefined;
    const abort = new AbortController();
    const { signal } = abort;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      while (!signal.aborted) {
        let ended = false;
        try {
          setState("live");
          const since = resume.current.reconnect() ?? from;
          // Until a time that is still to come, too: the platform ends it then, by its own clock.
          const which = to !== undefined ? { since, until: to, tail: KEPT.lines } : since === undefined ? { tail: TAIL } : { since };
          const stream = client.logs({ app, env }, { version, instance, follow: true, ...which, signal });
          let turn = performance.now();
          for await (const record of stream) {
            setError(null);
            if (performance.now() - turn > TURN) {
              await new Promise((resolve) => setTimeout(resolve));
              turn = performance.now();
            }
            const line = resume.current.take(record);
            if (line === null) continue;
            buffer.current.push(line);
            timer ??= setTimeout(
              () => {
                timer = undefined;
                flush();
              },
              Math.min(SELDOM, Math.max(GATHER, SHARE * flushed.current.cost)),
            );
          }
          // A platform that stops ends it as well, and before its time: then it is asked again.
          if (to !== undefined && Date.parse(to) <= Date.now()) {
            setState("done");
            return;
          }
          ended = to !== undefined;
        } catch (failure) {
          if (!signal.aborted) setError(failure);
        }
        if (signal.aborted) return;
        if (!ended) setState("broken");
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    };
    void run();
    return () => abort.abort();
  }, [app, env, version, instance, from, to, visible]);

  const clear = useCallback(() => {
    setKept(nothing);
    setLost(0);
  }, []);
  return { lines: kept.lines, dropped: kept.dropped + lost, held, state, error, clear };
}
