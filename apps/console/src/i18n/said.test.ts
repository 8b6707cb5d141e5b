import { expect, test } from "vitest";
import { AUDIT_ACTIONS } from "@ebb/api/client";
import { en } from "./en.ts";
import { actionWords, saidWords, strategyWords } from "./said.ts";
import { zh } from "./zh.ts";

const catalogues = import.meta.glob<string>(
  "../../../../packages/{autoscaler/src,builder/src,controllers/src/podautoscaler,platform/src/{operations,deploy}}/words.ts",
  {
    query: "?raw",
    import: "default",
    eager: true,
  },
);
/** Each code with its English text, from all catalogues. */
const texts = new Map(
  Object.values(catalogues).flatMap((file) =>
    [...file.matchAll(/^ {2}"([a-z.-]+)":\s*"(.+)",$/gm)].map(([, code = "", text = ""]) => [code, text] as const),
  ),
);
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted();

test("every code that the platform says has Chinese words with the same holes, and no other has", () => {
  expect(Object.keys(catalogues)).toHaveLength(5);
  expect(texts.size).toBeGreaterThan(50);
  expect(new Set(Object.keys(zh.said))).toEqual(new Set(texts.keys()));
  for (const [code, text] of texts) {
    expect(holes(zh.said[code] ?? ""), code).toEqual(holes(text));
    expect(zh.said[code], code).toMatch(/\p{Script=Han}|^\{strategy\}：$/u);
  }
});

test("parts are one sentence, and one part without words leaves it to the English", () => {
  const asks = [
    { code: "bounds.min", with: { min: 1 } },
    { code: "vote.alone", with: { count: 0 } },
  ];
  expect(saidWords(zh, asks)).toBe("至少 1 个（min-scale）；仅按流量需要 0 个");
  expect(saidWords(zh, [...asks, { code: "of.tomorrow" }])).toBeUndefined();
  expect(saidWords(zh, [{ code: "constructor" }])).toBeUndefined();
  for (const none of [undefined, []]) expect(saidWords(zh, none)).toBeUndefined();
  expect(saidWords(en, asks)).toBeUndefined();
});

test.each([
  ["concurrency", "并发请求"],
  ["cron 0 8,20 * * 1-5 – 0 20 * * 1-5 Europe/Berlin", "定时 0 8,20 * * 1-5 – 0 20 * * 1-5 Europe/Berlin"],
  ["lag of http://queue/rps, cpu", "积压事件 http://queue/rps, CPU"],
  ["rps 2, traffic 1, luck 3", "每秒请求 2, 流量 1, luck 3"],
])("the strategies %j have Chinese names; in English they stay as they are", (names, words) => {
  expect(strategyWords(zh, names)).toBe(words);
  expect(strategyWords(en, names)).toBe(names);
});

test("a sentence names its strategies in Chinese", () => {
  const parts = [
    { code: "vote.of", with: { strategy: "lag" } },
    { code: "lag.one", with: { target: 5 } },
    { code: "vote.others", with: { others: "rps 0" } },
  ];
  expect(saidWords(zh, parts)).toBe("积压事件：1 个事件在等待，每个实例的目标为 5（取最大值；每秒请求 0）");
});

test("every action of the audit trail has words, and a route has none", () => {
  for (const action of AUDIT_ACTIONS) expect(actionWords(zh, action), action).toMatch(/\p{Script=Han}/u);
  expect(actionWords(en, "team.quota")).toBe("changed a team's quota");
  expect(actionWords(zh, "POST /api/v1/anything")).toBeUndefined();
});
