import fc from "fast-check";
import { expect, test } from "vitest";
import { ACME, alertAt, DAY, nextRenewal, renewalTime, retryDelay } from "./times.ts";

const HOUR = 3_600_000;
const lived = (days: number) => ({ notBefore: 0, notAfter: days * DAY });

test("an ACME server that refuses is asked at most five times in an hour, and then twice a day", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 20, maxLength: 20 }), (uniform) => {
      let at = 0;
      const asked = [0, ...uniform.map((each, failures) => (at += retryDelay(ACME, failures + 1, each)))];
      expect(asked.filter((time) => time < HOUR).length).toBeLessThanOrEqual(5);
      const gaps = asked.slice(10).map((time, i) => time - (asked[9 + i] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(9 * HOUR);
    }),
  );
});

test("a certificate is renewed after two thirds of its time", () => {
  expect(renewalTime(lived(90))).toBe(60 * DAY);
  expect(renewalTime(lived(6))).toBe(4 * DAY);
  expect(nextRenewal(lived(6), 0)).toBe(4 * DAY);
  // One of a minute and a half: the server is not asked for one after the other.
  expect(nextRenewal({ notBefore: 0, notAfter: 90_000 }, 1000)).toBe(HOUR + 1000);
});

test.each([
  ["long before its end", 90, 60, undefined],
  ["21 days before", 90, 69, 21],
  ["a week before", 90, 83.5, 7],
  ["on the last day", 90, 89.5, 1],
  ["after its end", 90, 90, 0],
  ["a short one, before two thirds", 6, 3.9, undefined],
  ["a short one, after", 6, 4.1, 7],
  ["a short one on its last day", 6, 5.5, 1],
])("somebody is told %s", (_, days, at, expected) => expect(alertAt(lived(days), at * DAY)).toBe(expected));

test("what is told comes ever nearer", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 800 }),
      fc.double({ min: 0, max: 1.2, noNaN: true }),
      fc.double({ min: 0, max: 1.2, noNaN: true }),
      (days, a, b) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)].map((share) => alertAt(lived(days), share * days * DAY) ?? 1000);
        expect(late).toBeLessThanOrEqual(early ?? 1000);
      },
    ),
  );
});
