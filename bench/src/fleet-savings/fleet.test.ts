import fc from "fast-check";
import { expect, test } from "vitest";
import { PLANS, simulate, type Totals } from "./simulate.ts";
import { ratePerDay, shapes } from "./trace.ts";

const APPS = 6;
const DAYS = 1;
const SECONDS = DAYS * 86_400;

test("a small fleet over a day: each plan saves more than the one before, and prod waits for a frozen instance no longer than that takes", () => {
  const starts = { cold: 0.4, prepared: 0.3, frozen: 0.03 };
  const [schedule, templates, frozen, cold] = simulate({ apps: APPS, days: DAYS, plans: PLANS, starts, seed: 7 });
  const share = (total: Totals | undefined) => (total?.instanceSeconds ?? Infinity) / (4 * APPS * SECONDS);
  // 13 of 24 hours of three environments, and all of prod: (3 × 13/24 + 1) / 4.
  expect(share(schedule)).toBeGreaterThanOrEqual(0.65);
  expect(share(schedule)).toBeLessThan(0.75);
  expect(share(templates)).toBeGreaterThanOrEqual(0.25);
  expect(share(templates)).toBeLessThan(share(schedule));
  expect(share(frozen)).toBeLessThan(share(templates) - 0.1);
  expect(templates?.prodStarts.frozen).toBe(0);
  expect(frozen?.prodStarts.frozen).toBeGreaterThan(10);
  // Each is cold once: there is nothing to keep before its first request.
  expect(frozen?.prodStarts.cold).toBeLessThanOrEqual(APPS);
  expect(cold?.prodStarts.cold).toBeGreaterThan(10);
  expect(cold?.prodRequests).toBe(frozen?.prodRequests);
  expect(cold?.keptSeconds).toBe(0);
});

test("the same seed gives the same fleet", () => {
  expect(shapes(20, 3)).toEqual(shapes(20, 3));
  expect(shapes(20, 3)).not.toEqual(shapes(20, 4));
});

test("apps are asked as often as in the trace that they are shaped after", () => {
  const rates = Array.from({ length: 1000 }, (_, index) => ratePerDay((index + 0.5) / 1000));
  const below = (perDay: number) => rates.filter((rate) => rate <= perDay).length / 1000;
  expect([below(24), below(1440)]).toEqual([0.45, 0.81]);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (a, b) => {
      expect(ratePerDay(Math.max(a, b))).toBeGreaterThanOrEqual(ratePerDay(Math.min(a, b)));
    }),
  );
});
