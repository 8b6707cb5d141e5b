import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeReferences, mergeLayers, resolve, type Layer, type Value } from "./resolve.ts";

const layer = (values: Record<string, string | null>): Map<string, Value> =>
  new Map(
    Object.entries(values).map(([name, text]): [string, Value] => {
      if (text === null) return [name, { kind: "hidden", text: "" }];
      return [name, text.startsWith("!") ? { kind: "secret", text: text.slice(1) } : { kind: "variable", text }];
    }),
  );
const resolved = (layers: Partial<Record<Layer, Record<string, string | null>>>) =>
  Object.fromEntries(
    resolve(
      mergeLayers(Object.fromEntries(Object.entries(layers).map(([name, values]) => [name, layer(values)]))),
      (_, entry) => entry.text,
    ),
  );
const plain = (value: string) => ({ value, secret: false });
const secret = (value: string) => ({ value, secret: true });

describe("configuration", () => {
  test.each([
    [
      "of a later layer wins",
      { source: { A: "0" }, platform: { A: "1" }, team: { A: "2" }, environment: { A: "3" }, app: { A: "4" } },
      { A: plain("4") },
    ],
    ["that a later layer hides is gone", { source: { A: "0", B: "1" }, team: { A: null } }, { B: plain("1") }],
    ["that was hidden may be stated again", { source: { A: "0" }, team: { A: null }, app: { A: "9" } }, { A: plain("9") }],
    [
      "refers to the value that won, whatever layer the reference is in",
      { platform: { URL: "http://${HOST}/", HOST: "a" }, app: { HOST: "b" } },
      { URL: plain("http://b/"), HOST: plain("b") },
    ],
    ["refers through others", { app: { A: "${B}-${B}", B: "${C}", C: "x" } }, { A: plain("x-x"), B: plain("x"), C: plain("x") }],
    [
      "that refers to a secret is secret",
      { team: { P: "!hush" }, app: { U: "db:${P}@x", V: "${U}" } },
      { P: secret("hush"), U: secret("db:hush@x"), V: secret("db:hush@x") },
    ],
    ["that is secret is taken as it is", { app: { P: "!a${B}" } }, { P: secret("a${B}") }],
    ["may mean the text itself", { app: { A: "$${HOME} $HOME ${1} ${} $$" } }, { A: plain("${HOME} $HOME ${1} ${} $$") }],
  ])("%s", (_, layers, expected) => expect(resolved(layers)).toEqual(expected));

  test.each([
    ["an unknown name", { A: "${B}", B: "${GONE}" }, "A → B → GONE: there is no GONE"],
    ["a circle", { A: "${B}", B: "${C}", C: "${B}" }, "A → B → C → B: this is a circle"],
    ["itself", { PATH: "${PATH}:/x" }, "PATH → PATH: this is a circle"],
  ])("that refers to %s is refused with the chain", (_, app, message) => expect(() => resolved({ app })).toThrow(message));

  test("that refers to what is hidden is refused", () => {
    expect(() => resolved({ source: { A: "1", B: "${A}" }, app: { A: null } })).toThrow("B → A: there is no A");
  });

  test("does not grow without bound", () => {
    const app = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`V${n}`, n === 0 ? "0123456789" : `\${V${n - 1}}\${V${n - 1}}`]));
    expect(() => resolved({ app })).toThrow("longer than 262144 characters");
  });

  test("any text that is escaped stands for itself", () => {
    const parts = fc.array(fc.oneof(fc.constantFrom("$", "{", "}", "${A}", "$${A}", "A"), fc.string()));
    fc.assert(
      fc.property(parts, (texts) => {
        const text = texts.join("");
        expect(resolved({ app: { X: escapeReferences(`_${text}`) } })["X"]).toEqual(plain(`_${text}`));
      }),
    );
  });
});
