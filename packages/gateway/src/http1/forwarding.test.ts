import { systemRandom } from "@ebb/base";
import { expect, test } from "vitest";
import { BatchedIds } from "../core/request-ids.ts";
import { KnownAuthorities, hostOf } from "./authority.ts";
import { forwardFields, type Sender } from "./forwarding.ts";
import type { RequestHead } from "./heads.ts";

const ids = new BatchedIds(systemRandom);

function told(client: Sender, head: Partial<RequestHead>): string {
  const request = {
    authority: "app.test",
    fields: "",
    forwardedFor: "",
    forwarded: "",
    traceparent: "",
    tracestate: "",
    b3: "",
    requestId: "1",
    ...head,
  };
  const context = { client, setHeaders: {}, clientAuthority: undefined, ids, traceSampling: 1 };
  const { fields } = forwardFields(request as RequestHead, context);
  return `${fields.client}${fields.forwarding}${fields.passing}`.replace(/traceparent:.*\r\n/, "").replaceAll("\r\n", "|");
}

test.each<[sentence: string, sender: Sender, head: Partial<RequestHead>, told: string]>([
  [
    "who it came from",
    { remoteAddress: "1.2.3.4", secure: false },
    {},
    'X-Forwarded-For: 1.2.3.4|X-Forwarded-Proto: http|X-Forwarded-Host: app.test|Forwarded: for=1.2.3.4;host="app.test";proto=http|',
  ],
  [
    "an IPv4 address as such",
    { remoteAddress: "::ffff:1.2.3.4", secure: true },
    {},
    'X-Forwarded-For: 1.2.3.4|X-Forwarded-Proto: https|X-Forwarded-Host: app.test|Forwarded: for=1.2.3.4;host="app.test";proto=https|',
  ],
  [
    "an IPv6 address in quotes",
    { remoteAddress: "::1", secure: false },
    {},
    'X-Forwarded-For: ::1|X-Forwarded-Proto: http|X-Forwarded-Host: app.test|Forwarded: for="[::1]";host="app.test";proto=http|',
  ],
  [
    "those before",
    { remoteAddress: "::1", secure: false },
    { forwardedFor: "9.9.9.9", forwarded: "for=9.9.9.9" },
    "X-Forwarded-For: 9.9.9.9, ::1|X-Forwarded-Proto: http|X-Forwarded-Host: app.test|Forwarded: for=9.9.9.9|",
  ],
])("an instance is told %s", (_sentence, sender, head, expected) => {
  expect(told(sender, head)).toBe(expected);
});

test("what is kept of a connection's last request is told of the same host only, and of nothing that somebody has said", () => {
  const client: Sender = { remoteAddress: "::1", secure: false };
  const once = told({ ...client }, {});
  for (let request = 0; request < 3; request++) expect(told(client, {})).toBe(once);
  expect(told(client, { authority: "other.test" })).toBe(once.replaceAll("app.test", "other.test"));
  expect(told(client, { forwardedFor: "9.9.9.9" })).toContain("9.9.9.9, ::1");
  expect(told(client, {})).toBe(once);
});

test("an authority that is known has the host of one that is not, however many there are", () => {
  const known = new KnownAuthorities();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5000; i++) expect(known.find(`App-${i}.test.:80`)).toEqual({ text: `App-${i}.test.:80`, host: `app-${i}.test` });
  }
  const bytes = (text: string) => known.findBytes(Buffer.from(`Host: ${text}\r\n`, "latin1"), 6, 6 + text.length);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 500; i++) expect(bytes(`app-${i}.test`)).toEqual({ text: `app-${i}.test`, host: `app-${i}.test` });
    for (const text of ["App.Test", "app.test", "", "b@d", "a".repeat(301)]) expect(bytes(text)?.host).toBe(hostOf(text));
  }
  for (const bad of ["a b", "user@host", "a:b", "[x]"]) expect([known.find(bad), hostOf(bad)]).toEqual([undefined, undefined]);
});
