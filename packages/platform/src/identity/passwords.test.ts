import { describe, expect, test } from "vitest";
import { checkPassword, hashPassword, verifyPassword } from "./passwords.ts";

describe("a password", () => {
  test.each([
    ["is too short", "ab1!xyz", "has at least 10"],
    ["repeats itself", "abababababab", "repeats itself"],
    ["is a usual one with a year behind it", "Password2026!", "first to be tried"],
    ["is the user's name with digits", "anna.smith123", "is the name"],
  ])("that %s is refused", (_, password, message) => {
    expect(() => checkPassword(password, "anna.smith")).toThrow(message);
  });
  test.each([
    ["four words are fine", "tide goes out slowly"],
    ["so is a generated one", "kQ7-xw2Lp0vB"],
    ["and any script", "潮水退去之后沙滩上什么都没有"],
  ])("%s", (_, password) => {
    expect(() => checkPassword(password, "anna")).not.toThrow();
  });
});

test("fits its own hash only, with a salt of its own, however it was typed", async () => {
  const [one, two] = await Promise.all([hashPassword("tidé goes out"), hashPassword("tidé goes out")]);
  expect(one).not.toBe(two);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  const tries = await Promise.all([
    verifyPassword("tidé goes out", one),
    verifyPassword("tide\u0301 goes out", one),
    verifyPassword("tide goes out", one),
    verifyPassword("", one),
    verifyPassword("tidé goes out", "not a hash"),
    verifyPassword("tidé goes out", one.slice(0, -2)),
  ]);
  expect(tries).toEqual([true, true, false, false, false, false]);
});
