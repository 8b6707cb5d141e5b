import fc from "fast-check";
import { expect, test } from "vitest";
import { curlOf } from "./curl.ts";

const URL = "http://shop.localhost:8080/a?b=c";

test.each([
  ["a usual one", { method: "GET", headers: [], body: "" }, `curl '${URL}'`],
  ["one for the head", { method: "HEAD", headers: ["accept: */*"], body: "" }, `curl --head -H 'accept: */*' '${URL}'`],
  ["one with a body", { method: "POST", headers: [], body: "it's" }, `curl -X POST -H 'content-type:' --data-raw 'it'\\''s' '${URL}'`],
  [
    "one whose body names no file",
    { method: "PUT", headers: ["Content-Type: text/plain", "x-empty:"], body: "@a" },
    `curl -X PUT -H 'Content-Type: text/plain' -H 'x-empty;' --data-raw '@a' '${URL}'`,
  ],
])("%s is a command", (_, request, command) => {
  expect(curlOf({ url: URL, ...request })).toBe(command);
});

test("brackets in an address are no pattern", () => {
  const url = "http://shop.localhost:8080/?id[]={1}";
  expect(curlOf({ url, method: "GET", headers: [], body: "" })).toBe(`curl --globoff '${url}'`);
});

test("a shell takes what was typed as it is, whatever it is", () => {
  const typed = fc.string({ unit: fc.constantFrom("'", '"', "$(id)", "`", "\\", " ", "!", "*", "a", "\n"), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(typed, (body) => {
      const [, word = ""] = /--data-raw ([^]*) '[^']*'$/.exec(curlOf({ url: URL, method: "POST", headers: [], body })) ?? [];
      // As a shell reads it: pieces within quotes as they are, and between them nothing but quotes that are meant.
      expect(word).toMatch(/^'[^']*'(\\''[^']*')*$/);
      expect(word.slice(1, -1).replaceAll("'\\''", "'")).toBe(body);
    }),
  );
});
