import { expect, test } from "vitest";
import { en } from "../i18n/en.ts";
import { saidWords } from "../i18n/said.ts";
import { zh } from "../i18n/zh.ts";
import { causesOf } from "./failure-causes.ts";

const chain = [
  "Revision shop-00002: Container failed with: it exited with code 3\nError: no database",
  "CrashLoopBackOff: it exited with code 3",
  "CrashLoopBackOff: it exited with code 3",
  "it exited with code 3",
  "v2 ended while starting",
];
const crashed = { code: "cause.crash-loop", with: { message: "CrashLoopBackOff: it exited with code 3" } };
const exited = (message: string) => ({ code: "cause.revision-exited", with: { name: "shop-00002", message } });
const saidChain = [exited("Container failed with: it exited with code 3\nError: no database"), crashed, crashed, null, null];

test("each cause is said once, without the log, what another says as well, and the failure itself", () => {
  expect(causesOf({ message: "v2 ended while starting", chain, saidChain })).toEqual([
    {
      words: "Revision shop-00002: Container failed with: it exited with code 3",
      said: exited("Container failed with: it exited with code 3"),
    },
    { words: "CrashLoopBackOff: it exited with code 3", said: crashed },
  ]);
  expect(causesOf({ message: "", chain: ["a"] })).toEqual([{ words: "a", said: undefined }]);
});

test("a cause with a code is said in Chinese with the cluster's own words in it, and left to those in English", () => {
  expect(saidWords(zh, [crashed])).toMatch(/^\p{Script=Han}.*CrashLoopBackOff: it exited with code 3/u);
  expect(saidWords(en, [crashed])).toBeUndefined();
});
