import { createIssuer } from "@ebb/apiserver";
import { systemRandom, type Clock } from "@ebb/base";
import type { Certificate, Secret } from "@ebb/kube";
import { tempDir } from "@ebb/testkit";
import { afterAll, describe, expect, test } from "vitest";
import { parseNetworkConfig } from "../config/network.ts";
import { NOW, route, summary } from "../testing.ts";
import { securedBy, securedInside, TLS_NOT_ENABLED, unasked } from "./host-certificates.ts";
import { certificateStatus, gatewayEntry, keptIn, makeSecret, untilRenewal } from "./reconcile.ts";
import { adler32, localCertificates, routeCertificates, wantsCertificates } from "./resources.ts";

const DAY = 86_400_000;
const HOST = "shop.team.example.com";
const network = parseNetworkConfig({ "external-domain-tls": "Enabled" });
const [desired, tagged] = routeCertificates(route(), [{ host: HOST }, { host: `new-${HOST}`, tag: "new" }], {
  network,
  domain: "example.com",
}) as [Certificate, Certificate];
const stored = (more: Partial<Certificate> = {}): Certificate => ({
  ...desired,
  metadata: { ...desired.metadata, uid: "certificate-uid", generation: 1 },
  ...more,
});
const dir = await tempDir();
afterAll(() => dir.remove());
const issuer = createIssuer({ folder: dir.path, clock: { now: () => NOW } as Clock, random: systemRandom });
const [issued, other] = [await issuer.issue([HOST]), await issuer.issue(["other.example.com"])];
const secret = makeSecret(stored(), issued);
const ready = (): Certificate => ({ ...stored(), status: certificateStatus(stored(), issued, NOW) });

describe("what is asked for", () => {
  test("one certificate for each host, named after the Route and the tag as upstream names them", () => {
    expect(desired).toMatchObject({
      metadata: {
        name: "route-route-uid",
        namespace: "team",
        labels: { "serving.knative.dev/route": "shop" },
        annotations: { "networking.knative.dev/certificate.class": "cert-manager.certificate.networking.knative.dev" },
        ownerReferences: [{ kind: "Route", uid: "route-uid", controller: true }],
      },
      spec: { dnsNames: [HOST], domain: "example.com", secretName: "route-route-uid" },
    });
    expect(tagged.metadata.name).toBe(`route-route-uid-${adler32("new")}`);
  });

  test("one for all names inside the cluster of a Route, and one for those of each tag", () => {
    const hosts = ["shop.team.svc.cluster.local", "shop.team.svc", "shop.team"];
    const [main, ofTag] = localCertificates(route(), [{ hosts }, { hosts: ["new-shop.team"], tag: "new" }], network);
    expect(main).toMatchObject({
      metadata: {
        name: "route-route-uid-local",
        labels: { "networking.knative.dev/certificate-type": "cluster-local-domain", "serving.knative.dev/route": "shop" },
        annotations: { "networking.knative.dev/certificate.class": "cert-manager.certificate.networking.knative.dev" },
      },
      spec: { dnsNames: hosts.toReversed(), domain: "svc.cluster.local", secretName: "route-route-uid-local" },
    });
    expect(ofTag?.metadata.name).toBe(`route-route-uid-${adler32("new")}-local`);
  });

  test.each(["cluster-local-domain-tls", "system-internal-tls"])("%s is Enabled or Disabled", (key) => {
    const parse = (value: string) => parseNetworkConfig({ [key]: value });
    expect(["", "disabled", "Disabled", "ENABLED"].map(parse)).toHaveLength(4);
    expect(() => parse("on")).toThrow(`${key} with value: "on" in config-network ConfigMap is not supported`);
  });

  test("adler32, as RFC 1950 has it", () => {
    expect(["", "Wikipedia"].map(adler32)).toEqual([1, 0x11e60398]);
  });

  test.each<[key: string | undefined, value: string, enabled: boolean]>([
    [undefined, "", true],
    ["networking.knative.dev/disable-external-domain-tls", "true", false],
    ["networking.knative.dev/disable-auto-tls", "1", false],
    ["networking.knative.dev/disableAutoTLS", "false", true],
    ["networking.knative.dev/disableAutoTLS", "nonsense", true],
  ])("with the annotation %s %s: %s", (key, value, enabled) => {
    const of = route();
    if (key !== undefined) of.metadata.annotations = { [key]: value };
    expect(wantsCertificates(of, network)).toBe(enabled);
    expect(wantsCertificates(of, parseNetworkConfig())).toBe(false);
  });
});

describe("what is in the Secret", () => {
  const withData = (from: typeof issued): Secret => makeSecret(stored(), from);
  test.each<[string, Certificate, Secret | undefined, number, string]>([
    ["nothing yet", stored(), undefined, 0, "make"],
    ["a good one", stored(), secret, 0, "good"],
    ["a good one, while two thirds of its time are not over", stored(), secret, 59, "good"],
    ["one that ends in less than 30 days", stored(), secret, 61, "make"],
    ["one of other names", stored(), withData(other), 0, "make"],
    ["another's key", stored(), withData({ ...issued, key: other.key }), 0, "make"],
    ["no certificate", stored(), withData({ ...issued, certificate: "?" }), 0, "make"],
    ["somebody else's Secret", stored(), { ...secret, metadata: { ...secret.metadata, ownerReferences: [] } }, 0, "refused"],
    ["no names asked for", stored({ spec: { ...desired.spec, dnsNames: [] } }), undefined, 0, "refused"],
    ["an address asked for", stored({ spec: { ...desired.spec, dnsNames: ["10.0.0.1"] } }), undefined, 0, "refused"],
    ["a wildcard asked for", stored({ spec: { ...desired.spec, dnsNames: ["*.example.com"] } }), undefined, 0, "make"],
  ])("%s", (_, ...[certificate, found, days, state]) => {
    expect(keptIn(certificate, found, NOW + days * DAY).state).toBe(state);
  });

  test("it is looked at each day, and at its renewal", () => {
    expect(untilRenewal(issued.notAfter, NOW)).toBe(DAY);
    expect(untilRenewal(issued.notAfter, NOW + 59.5 * DAY)).toBe(DAY / 2);
  });
});

describe("what the Route says", () => {
  const judge = (existing: Certificate | undefined, found: Secret | undefined, downgrades = true) => {
    const { provisioned, hosts, entries } = securedBy([{ desired, existing, secret: found }], { holder: route(), downgrades });
    return [`${provisioned.status} ${provisioned.cause?.reason ?? ""}`.trim(), [...hosts].join(), entries.length];
  };
  const foreign = { ...ready(), metadata: { ...ready().metadata, ownerReferences: [] } };
  const wildcard: Certificate = {
    ...ready(),
    metadata: {
      ...ready().metadata,
      name: "team.example.com",
      ownerReferences: [],
      labels: { "networking.knative.dev/wildcardDomain": "example.com" },
    },
    spec: { dnsNames: ["*.team.example.com"], domain: "example.com", secretName: "team.example.com" },
  };
  const byShared = (shared: Certificate, found: Secret | undefined) => {
    const { provisioned, hosts, entries } = securedBy([{ desired, existing: undefined, secret: found, shared }], {
      holder: route(),
      downgrades: true,
    });
    return [
      `${provisioned.status} ${provisioned.cause?.message ?? ""}`.trim(),
      [...hosts].join(),
      entries.map((entry) => entry.hosts.join()).join(),
    ];
  };
  test("one that is for all hosts of the namespace takes its place, whoever has made it; its own host is https", () => {
    expect(byShared(wildcard, secret)).toEqual(["True", HOST, "*.team.example.com"]);
    expect(byShared(wildcard, undefined)).toEqual(["True Certificate team.example.com is not ready downgrade HTTP.", "", ""]);
  });
  test.each<[string, ReturnType<typeof judge>, unknown[]]>([
    ["ready: served, and https", judge(ready(), secret), ["True", HOST, 1]],
    ["not made yet: cleartext meanwhile", judge(undefined, undefined), ["True HTTPDowngrade", "", 0]],
    ["ready, but its Secret has not come: the same", judge(ready(), undefined), ["True HTTPDowngrade", "", 0]],
    [
      "ready for another host than is wanted now: the same",
      judge({ ...ready(), spec: tagged.spec }, secret),
      ["True HTTPDowngrade", "", 0],
    ],
    ["not made yet, where cleartext is redirected: waits", judge(stored(), undefined, false), ["Unknown CertificateNotReady", HOST, 0]],
    ["somebody else's Certificate of that name", judge(foreign, secret), ["False CertificateNotOwned", "", 0]],
  ])("%s", (_, judged, expected) => {
    expect(judged).toEqual(expected);
  });
});

test("hosts for which no certificate is asked are as default-external-scheme says", () => {
  const hostsBy = (scheme: string) => [
    ...unasked(TLS_NOT_ENABLED, [HOST], parseNetworkConfig({ "default-external-scheme": scheme })).hosts,
  ];
  expect([hostsBy("http"), hostsBy("https")]).toEqual([[], [HOST]]);
});

test("inside the cluster a name is https once its certificate is there; until then the Route waits, and is not downgraded", () => {
  const inside = (existing: Certificate | undefined) => securedBy([{ desired, existing, secret }], { holder: route(), downgrades: false });
  const waiting = securedInside(TLS_NOT_ENABLED, inside(undefined));
  expect([waiting.provisioned.cause?.reason, waiting.hosts.size]).toEqual(["CertificateNotReady", 0]);
  const there = securedInside(TLS_NOT_ENABLED, inside(ready()));
  expect([there.provisioned, [...there.hosts]]).toEqual([{ status: "True" }, [HOST]]);
  const outside = { ...TLS_NOT_ENABLED, provisioned: { status: "False" as const } };
  expect(securedInside(outside, inside(ready())).provisioned.status).toBe("False");
});

test("a Certificate that could not be made says why, and is given to nobody", () => {
  const status = certificateStatus(stored(), { cause: { reason: "IssuingFailed", message: "m" } }, NOW);
  expect(summary({ status })).toEqual(["Ready False IssuingFailed"]);
  expect(gatewayEntry({ ...stored(), status }, secret)).toBeUndefined();
  expect(gatewayEntry(ready(), secret)).toMatchObject({ key: "certificate:team/route-route-uid", hosts: [HOST] });
});
