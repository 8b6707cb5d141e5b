import { expect, test } from "vitest";
import { parseRule, ruleText } from "./rule-syntax.ts";

test("a rule is a version and what its requests have", () => {
  const text = "v4 header.x-canary=1 cookie.group~=b.* query.debug path^=/beta users.x-user=ann,bob";
  const rule = parseRule(text);
  expect(rule).toEqual({
    version: "v4",
    when: [
      { on: "header", name: "x-canary", is: "exact", value: "1" },
      { on: "cookie", name: "group", is: "regex", value: "b.*" },
      { on: "query", name: "debug", is: "present" },
      { on: "path", is: "prefix", value: "/beta" },
      { on: "users", header: "x-user", users: ["ann", "bob"] },
    ],
  });
  expect(ruleText(rule)).toBe(text);
});

test.each(["", "header.a=1", "v4", "v4 path", "v4 header=1", "v4 users.x", "v4 users.x~=a", "v4 method=GET", "v0 header.a"])(
  "%s is refused with how to write it",
  (text) => {
    expect(() => parseRule(text)).toThrow(expect.objectContaining({ hint: expect.stringContaining("header.x-canary=1") }));
  },
);
