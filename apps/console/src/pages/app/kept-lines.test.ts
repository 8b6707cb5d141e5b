import fc from "fast-check";
import { expect, test } from "vitest";
import type { Line } from "../../ui/line-list.tsx";
import { append, find, nothingFound } from "./kept-lines.ts";

const line = (id: number, second: number): Line => ({ id, time: new Date(second * 1000).toISOString(), text: `line ${id}` });

test("nothing new is nothing else", () => {
  const kept = { lines: [line(1, 1)], dropped: 3 };
  expect(append(kept, [], { lines: 10, chars: 100 })).toEqual(kept);
});

test("whatever comes in whatever pieces is in the order of time, and the latest are kept", () => {
  const pieces = fc.array(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 8 }), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 30 }), (seconds, most) => {
      let id = 0;
      const all = seconds.map((piece) => piece.map((second) => line(id++, second)));
      const kept = all.reduce((now, piece) => append(now, piece, { lines: most, chars: Infinity }), { lines: [] as Line[], dropped: 0 });
      const sorted = kept.lines.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time) || a.id - b.id);
      expect(kept.lines).toEqual(sorted);
      expect(kept.lines.length).toBe(Math.min(id, most));
      expect(kept.lines.length + kept.dropped).toBe(id);
    }),
  );
});

test("of lines that are too long together the latest are kept, as many as there is room for", () => {
  const long = (id: number, length: number): Line => ({ ...line(id, id), text: "x".repeat(length) });
  const most = { lines: 10, chars: 100 };
  const kept = append({ lines: [long(1, 50), long(2, 40)], dropped: 0 }, [long(3, 10)], most);
  expect(kept).toMatchObject({ lines: [{ id: 1 }, { id: 2 }, { id: 3 }], dropped: 0 });
  expect(append(kept, [long(4, 60)], most)).toMatchObject({ lines: [{ id: 3 }, { id: 4 }], dropped: 2 });
  expect(append(kept, [long(4, 101)], most)).toMatchObject({ lines: [], dropped: 4 });
});

test("a search that goes on finds what one from the beginning would, in whatever case", () => {
  const pieces = fc.array(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 8 }), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 30 }), fc.constantFrom("LINE 1", "3", "", "nothing"), (seconds, most, words) => {
      let id = 0;
      let kept = { lines: [] as Line[], dropped: 0 };
      let found = nothingFound;
      for (const piece of seconds) {
        kept = append(
          kept,
          piece.map((second) => line(id++, second)),
          { lines: most, chars: Infinity },
        );
        found = find(found, kept.lines, words);
        expect(found.lines).toEqual(kept.lines.filter(({ text }) => text.includes(words.toLowerCase())));
      }
      const again = find(found, kept.lines, words);
      expect(find(again, kept.lines, words)).toBe(again);
      expect(find(found, kept.lines, "line").lines).toEqual(kept.lines);
    }),
  );
});
