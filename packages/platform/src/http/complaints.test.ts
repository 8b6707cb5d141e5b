import { CreateEnvironment, CreateToken, OperationState, PatchEnvironment, PatchTrafficPolicy } from "@ebb/api";
import { Type, type TSchema } from "typebox";
import { expect, test } from "vitest";
import { validatorCompiler } from "./validation.ts";

const freeze = (freezeOf: object) => ({ freezes: [{ why: "x", ...freezeOf }] });
const limit = Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 500 }) });

test.each<[string, TSchema, unknown, string[]]>([
  ["a number is none", limit, { limit: "abc" }, ["/limit must be a whole number"]],
  ["it is too small", limit, { limit: 0 }, ["/limit must be at least 1"]],
  ["it is too large", limit, { limit: 501 }, ["/limit must be at most 500"]],
  ["something is left out", CreateEnvironment, {}, [" lacks name"]],
  ["something is not known, and is told once", CreateEnvironment, { name: "x", color: "red" }, ["/color is not known here"]],
  [
    "a word is none of those that there are",
    Type.Object({ state: OperationState }),
    { state: "bogus" },
    ["/state must be one of waiting, queued, running, succeeded, failed, cancelled"],
  ],
  [
    "a number is none of those that there are",
    Type.Object({ step: Type.Union([Type.Literal(10), Type.Literal(60)]) }),
    { step: 7 },
    ["/step must be one of 10, 60"],
  ],
  [
    "two words are wrong",
    CreateToken,
    { name: "x", kind: "k", scope: "s" },
    ["/kind must be one of personal, machine", "/scope must be one of read, deploy, release, admin"],
  ],
  [
    "of two forms the one that was meant has wrong values: the other is not told of",
    PatchEnvironment,
    freeze({ from: "2027-01-02", to: "later" }),
    [
      "/freezes/0/from is not as it has to be: RFC 3339, with its offset",
      "/freezes/0/to is not as it has to be: RFC 3339, with its offset",
    ],
  ],
  [
    "of two forms the one that was meant lacks something",
    PatchEnvironment,
    freeze({ cron: "0 0 * * *" }),
    ["/freezes/0 lacks minutes, timeZone"],
  ],
  [
    "of what may also be null",
    PatchTrafficPolicy,
    { affinity: { cookie: 3 } },
    ["/affinity lacks seconds", "/affinity/cookie must be text"],
  ],
])("%s", (_what, schema, value, words) => {
  const check = validatorCompiler({ schema, method: "POST", url: "/", httpPart: "body" });
  const result: unknown = check(value);
  expect(
    (result as { error: { instancePath: string; message: string }[] }).error.map((each) => `${each.instancePath} ${each.message}`),
  ).toEqual(words);
});
