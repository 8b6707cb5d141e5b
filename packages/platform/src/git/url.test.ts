import fc from "fast-check";
import { expect, test } from "vitest";
import { checkFolder, checkRef, covers, parseGitUrl, parsePrefix } from "./url.ts";

test.each([
  ["https://github.com/acme/shop.git", "https://github.com/acme/shop.git", "https", "github.com/acme/shop"],
  ["https://GitHub.com/acme/shop/", "https://github.com/acme/shop", "https", "github.com/acme/shop"],
  ["git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop.git", "ssh", "github.com/acme/shop"],
  ["ssh://git.example.com:2222/acme/shop", "ssh://git@git.example.com:2222/acme/shop", "ssh", "git.example.com:2222/acme/shop"],
  ["http://10.0.0.1:3000/acme/shop.git", "http://10.0.0.1:3000/acme/shop.git", "http", "10.0.0.1:3000/acme/shop"],
])("%s is an address", (text, url, scheme, place) => {
  expect(parseGitUrl(text)).toMatchObject({ url, scheme, place });
  expect(parseGitUrl(url).url).toBe(url);
});

test.each([
  "file:///etc/passwd",
  "/etc/passwd",
  "../shop",
  "ext::sh -c touch% /tmp/x",
  "fd::17",
  "git://example.com/shop.git",
  "ftp://example.com/shop.git",
  "https://example.com",
  "https://example.com/shop?x=1",
  "https://example.com/-shop",
  "https://user:pass@example.com/shop.git",
  "https://token@example.com/shop.git",
  "ssh://git:pass@example.com/shop.git",
  "ssh://-oProxyCommand=x@example.com/shop",
  "git@example.com:shop'x",
  "--upload-pack=x",
  "",
])("%s is none", (text) => {
  expect(() => parseGitUrl(text)).toThrow(expect.objectContaining({ code: "git_url_invalid" }));
});

test("what is refused never repeats a password, and what is accepted has no other transport", () => {
  try {
    parseGitUrl("https://bot:s3cret@example.com/shop?x");
  } catch (error) {
    expect(String(error)).not.toContain("s3cret");
  }
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.webUrl().map((url) => url.replace("https:", "ssh:")),
      ),
      (text) => {
        try {
          const { url, scheme } = parseGitUrl(text);
          expect(url.startsWith(`${scheme}://`)).toBe(true);
          expect(["https", "http", "ssh"]).toContain(scheme);
          expect(url).not.toMatch(/[\s'"\\]/);
        } catch (error) {
          expect(error).toMatchObject({ code: "git_url_invalid" });
        }
      },
    ),
  );
});

test("a prefix covers whole parts of a path", () => {
  expect(parsePrefix("https://GitHub.com/acme/")).toBe("github.com/acme");
  expect(parsePrefix("git.example.com:2222/a/b.git")).toBe("git.example.com:2222/a/b");
  expect(() => parsePrefix("not a host")).toThrow(expect.objectContaining({ code: "git_credential_invalid" }));
  expect(["github.com", "github.com/acme", "github.com/acme/shop"].map((prefix) => covers(prefix, "github.com/acme/shop"))).toEqual([
    true,
    true,
    true,
  ]);
  expect(["github.co", "github.com/ac", "github.com/acme/shop/x"].map((prefix) => covers(prefix, "github.com/acme/shop"))).toEqual([
    false,
    false,
    false,
  ]);
});

test("folders and refs are what git takes for one", () => {
  expect(["./services/api/", "", "."].map(checkFolder)).toEqual(["services/api", "", ""]);
  for (const folder of ["../x", "a/../b"]) expect(() => checkFolder(folder)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  expect(checkRef("feature/login")).toBe("feature/login");
  for (const ref of ["a..b", "a@{1}", "a.lock", "a//b", "a/"])
    expect(() => checkRef(ref)).toThrow(expect.objectContaining({ code: "invalid_request" }));
});
