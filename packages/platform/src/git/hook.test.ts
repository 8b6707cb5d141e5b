import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decidePush, fits, isSigned, readPush, type Push } from "./hook.ts";

const hmac = (secret: string, body: string) => createHmac("sha256", secret).update(body).digest("hex");

test("signatures are GitHub's, Gitea's and GitLab's, each over the very body", () => {
  // Of GitHub's own documentation.
  const documented = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  expect(isSigned({ "x-hub-signature-256": documented }, Buffer.from("Hello, World!"), "It's a Secret to Everybody")).toBe(true);
  const body = Buffer.from("{}");
  expect(isSigned({ "x-gitea-signature": hmac("s", "{}") }, body, "s")).toBe(true);
  expect(isSigned({ "x-gitlab-token": "s" }, body, "s")).toBe(true);
  for (const headers of [
    {},
    { "x-gitlab-token": "t" },
    { "x-gitlab-token": "" },
    { "x-gitea-signature": hmac("t", "{}") },
    { "x-hub-signature-256": `sha256=${hmac("s", "{ }")}` },
    { "x-hub-signature-256": "sha256=" },
    // A right token does not make up for a wrong signature.
    { "x-hub-signature-256": "sha256=00", "x-gitlab-token": "s" },
  ])
    expect(isSigned(headers, body, "s")).toBe(false);
});

const ZERO = "0".repeat(40);
const push = (value: object, headers: Record<string, string>) => readPush(headers, Buffer.from(JSON.stringify(value)));

test.each([
  [
    "GitHub",
    { ref: "refs/heads/main", after: "abc", repository: { full_name: "acme/shop" } },
    { "x-github-event": "push" },
    { provider: "github", branch: "main", deleted: false, commit: "abc", repository: "acme/shop" },
  ],
  [
    "GitHub",
    { ref: "refs/heads/x", after: ZERO, deleted: true, repository: { full_name: "acme/shop" } },
    { "x-github-event": "push" },
    { branch: "x", deleted: true, commit: "" },
  ],
  [
    "GitLab",
    { ref: "refs/heads/a/b", after: "abc", project: { path_with_namespace: "g/s/shop" } },
    { "x-gitlab-event": "Push Hook" },
    { provider: "gitlab", branch: "a/b", repository: "g/s/shop" },
  ],
  [
    "GitLab",
    { ref: "refs/heads/a", after: ZERO, project: { path_with_namespace: "g/shop" } },
    { "x-gitlab-event": "Push Hook" },
    { deleted: true },
  ],
  [
    "Gitea",
    { ref: "refs/heads/main", after: "abc", repository: { full_name: "acme/shop" } },
    { "x-gitea-event": "push", "x-github-event": "push" },
    { provider: "gitea", branch: "main" },
  ],
  [
    "a tag",
    { ref: "refs/tags/v1", after: "abc", repository: {} },
    { "x-github-event": "push" },
    { branch: "", ignored: expect.stringContaining("refs/tags/v1") as unknown },
  ],
  ["a greeting", { zen: "x" }, { "x-github-event": "ping" }, { branch: "", ignored: expect.stringContaining("ping") as unknown }],
])("what %s tells is read", (_, value, headers, expected) => {
  expect(push(value, headers)).toMatchObject(expected);
});

test("what is no delivery is none", () => {
  expect(push({}, {})).toBeUndefined();
  expect(readPush({ "x-github-event": "push" }, Buffer.from("payload=%7B%7D"))).toBeUndefined();
  expect(readPush({ "x-github-event": "push" }, Buffer.from("null"))).toBeUndefined();
});

const RULES = {
  path: "/acme/shop.git",
  rules: [
    { branch: "main", environment: "test" },
    { branch: "release/*", environment: "staging" },
  ],
  previewHours: 24,
};
const PUSH: Push = { provider: "github", branch: "main", deleted: false, commit: "abc", repository: "Acme/shop" };

test.each<[string, Partial<Push>, Partial<typeof RULES> | { previewHours: null }, object]>([
  ["a branch with a rule", {}, {}, { do: "deploy", environment: "test" }],
  ["the first rule that fits", { branch: "release/1" }, {}, { do: "deploy", environment: "staging" }],
  ["another branch", { branch: "feature/x" }, {}, { do: "preview", hours: 24 }],
  ["another branch without previews", { branch: "feature/x" }, { previewHours: null }, { do: "nothing" }],
  ["a branch that is gone", { branch: "feature/x", deleted: true }, {}, { do: "remove" }],
  ["a branch with a rule that is gone", { deleted: true }, {}, { do: "nothing", why: expect.stringContaining("stays") as unknown }],
  ["another repository", { repository: "acme/other" }, {}, { do: "nothing" }],
  ["the end of a name", { repository: "me/shop" }, {}, { do: "nothing" }],
])("%s is decided", (_, about, rules, decision) => {
  expect(decidePush({ ...RULES, ...rules }, { ...PUSH, ...about })).toMatchObject(decision);
});

test("a pattern fits as a regular expression with .* would", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "*"), maxLength: 8 });
  fc.assert(
    fc.property(text, text, (pattern, branch) => {
      const expression = new RegExp(`^${pattern.replace(/[/]/g, "\\/").replaceAll("*", ".*")}$`);
      expect(fits(pattern, branch)).toBe(expression.test(branch));
    }),
  );
});
