import { expect, test } from "vitest";
import { meaningOf } from "./keys.ts";

const pressed = (key: string, more = {}) => ({ key, elsewhere: false, at: 10_000, ...more });

test.each([
  ["? asks for the list", pressed("?"), null, { do: "help" }],
  ["g waits for its letter", pressed("g"), null, { do: "wait" }],
  ["a letter after g leads somewhere", pressed("o"), 9_000, { do: "go", to: "/operations" }],
  ["a letter alone means nothing", pressed("o"), null, null],
  ["a letter long after g means nothing", pressed("o"), 8_000, null],
  ["g again waits anew", pressed("g"), 9_900, { do: "wait" }],
  ["a letter that leads nowhere means nothing", pressed("constructor"), 9_900, null],
  ["what is typed into something means nothing", pressed("?", { elsewhere: true }), 9_900, null],
])("%s", (_name, key, began, meant) => expect(meaningOf(key, began)).toEqual(meant));
