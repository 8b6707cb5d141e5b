import { expect, test } from "vitest";
import { questionOf } from "./explain.ts";

test("a query describes a request", () => {
  const query = new URLSearchParams("host=b.org&method=POST&path=/a%3Fb%3D1&header=X-A:+1&header=b:2&listener=internal&scheme=https");
  expect(questionOf(query, "a.org")).toEqual({
    host: "b.org",
    method: "POST",
    path: "/a?b=1",
    headers: [
      ["X-A", "1"],
      ["b", "2"],
    ],
    listener: "internal",
    secure: true,
  });
  expect(questionOf(new URLSearchParams(), "a.org")).toEqual({
    host: "a.org",
    method: "GET",
    path: "/",
    headers: [],
    listener: "external",
    secure: false,
  });
});

test.each(["listener=mesh", "path=a", "path=/a b", "method=get", "header=a", "header=a:%0d%0ab:c"])("%s is refused", (text) => {
  expect(() => questionOf(new URLSearchParams(text), "a.org")).toThrow(expect.objectContaining({ reason: "BadRequest" }));
});
