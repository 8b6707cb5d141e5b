import { expect, test } from "vitest";
import { spansOf } from "./phase-spans.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

test("phases lie one after the other in the whole time", () => {
  const phases = [
    { startedAt: at(0), finishedAt: at(1) },
    { startedAt: at(1), finishedAt: at(4) },
  ];
  expect(spansOf(phases, Date.parse(at(9)))).toEqual({
    whole: 4000,
    spans: [
      { left: 0, width: 25 },
      { left: 25, width: 75 },
    ],
  });
});

test("one that runs goes on until now, and not before its start", () => {
  expect(spansOf([{ startedAt: at(0), finishedAt: null }], Date.parse(at(2)))).toEqual({ whole: 2000, spans: [{ left: 0, width: 100 }] });
  expect(spansOf([{ startedAt: at(5), finishedAt: null }], Date.parse(at(2)))).toEqual({ whole: 0, spans: [{ left: 0, width: 0 }] });
});

test("nothing has happened yet", () => expect(spansOf([], 0)).toEqual({ whole: 0, spans: [] }));
