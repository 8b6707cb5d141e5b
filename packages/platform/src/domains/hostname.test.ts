import fc from "fast-check";
import { expect, test } from "vitest";
import { displayName, parseDomain } from "./hostname.ts";

const RESERVED = { below: ["sls-local.localhost", "sls-main.apps.example.com"], exact: ["console.example.com"] };
const parse = (text: string) => parseDomain(text, RESERVED);

test.each([
  ["www.example.com", "www.example.com"],
  ["WWW.Example.COM.", "www.example.com"],
  [" shop.example ", "shop.example"],
  ["müller.example", "xn--mller-kva.example"],
  ["例え.example", "xn--r8jz45g.example"],
  ["xn--mller-kva.example", "xn--mller-kva.example"],
  ["a.b.c.d.example.com", "a.b.c.d.example.com"],
  ["apps.example.com", "apps.example.com"],
])("%s is %s", (text, name) => expect(parse(text)).toBe(name));

test.each([
  ["", "is not a host name"],
  ["localhost", "is not a full host name"],
  ["*.example.com", "is a wildcard"],
  ["http://example.com", "is not a host name"],
  ["example.com/path", "is not a host name"],
  ["example.com:443", "is not a host name"],
  ["user@example.com", "is not a host name"],
  ["192.0.2.1", "is an address"],
  ["0x7f.1", "is an address"],
  ["1.2.3", "is an address"],
  ["under_score.example.com", "is not a host name"],
  ["-a.example.com", "is not a host name"],
  ["a-.example.com", "is not a host name"],
  ["a..example.com", "is not a host name"],
  [`${"a".repeat(64)}.example.com`, "is not a host name"],
  [`${"a.".repeat(125)}example.com`, "is not a host name"],
  ["shop.localhost", "belongs to nobody"],
  ["printer.local", "belongs to nobody"],
  ["shop.default.svc.cluster.local", "belongs to nobody"],
  ["shop-test.sls-main.apps.example.com", "is one of the platform's own hosts"],
  ["sls-main.apps.example.com", "is one of the platform's own hosts"],
  ["console.example.com", "is one of the platform's own hosts"],
])("%j is refused: it %s", (text, why) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: "invalid_domain", message: expect.stringContaining(why) }));
});

test("whatever is accepted is what DNS and Kubernetes take, and is accepted again as it is", () => {
  fc.assert(
    fc.property(fc.oneof(fc.domain(), fc.webAuthority(), fc.string()), (text) => {
      let name: string;
      try {
        name = parse(text);
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid_domain" });
        return;
      }
      expect(name).toMatch(/^(?=.{3,253}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
      expect(parse(name)).toBe(name);
    }),
  );
});

test("people see it as they write it", () => expect(displayName("xn--mller-kva.example")).toBe("müller.example"));
