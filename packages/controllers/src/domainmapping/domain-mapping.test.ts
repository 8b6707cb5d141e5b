import { makeCertificate } from "@ebb/apiserver";
import { systemRandom } from "@ebb/base";
import type { ClusterDomainClaim, DomainMapping, Secret } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { NOW, summary } from "../testing.ts";
import { mappingTls } from "./certificate.ts";
import { claimProblem, makeMapping, mappingStatus, resolveReference, type MappingObserved } from "./reconcile.ts";

const mapping = (ref: Partial<DomainMapping["spec"]["ref"]> = {}): DomainMapping => ({
  apiVersion: "serving.knative.dev/v1beta1",
  kind: "DomainMapping",
  metadata: { name: "shop.example.com", namespace: "team", uid: "uid", generation: 1 },
  spec: { ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "shop", ...ref } },
});
const claim = (namespace: string): ClusterDomainClaim => ({
  apiVersion: "networking.internal.knative.dev/v1alpha1",
  kind: "ClusterDomainClaim",
  metadata: { name: "shop.example.com" },
  spec: { namespace },
});

describe("the claim", () => {
  test("of the same namespace is needed", () => {
    expect(claimProblem(mapping(), claim("team"))).toBeUndefined();
    expect(claimProblem(mapping(), claim("other"))?.reason).toBe("DomainAlreadyClaimed");
    expect(claimProblem(mapping(), undefined)).toEqual({
      reason: "DomainClaimFailed",
      message: 'no ClusterDomainClaim found for domain "shop.example.com"',
    });
  });
});

describe("the reference", () => {
  const URL = { url: "http://shop.team.svc.cluster.local" };
  test.each<[string, DomainMapping, typeof URL | undefined | "missing", object]>([
    ["a Service's name inside the cluster", mapping(), URL, { host: "shop.team.svc.cluster.local" }],
    ["a Route's", mapping({ kind: "Route" }), URL, { host: "shop.team.svc.cluster.local" }],
    [
      "one that is not there",
      mapping(),
      "missing",
      { problem: { reason: "ResolveFailed", message: expect.stringMatching(/services.serving.knative.dev "shop" not found/) } },
    ],
    [
      "one without an address yet",
      mapping(),
      undefined,
      { problem: { reason: "ResolveFailed", message: expect.stringMatching(/address not set/) } },
    ],
    [
      "Kubernetes' own Service",
      mapping({ apiVersion: "v1" }),
      URL,
      { problem: { message: expect.stringMatching(/a Knative Service or Route/) } },
    ],
  ])("%s", (_, of, address, expected) => {
    expect(resolveReference(of, () => address)).toMatchObject(expected);
  });
});

const EDGE = { redirectToTls: false, policy: undefined };

test("the host is led to the reference's own name, and the hash changes with where it leads", () => {
  const entry = makeMapping(mapping(), "shop.team.svc.cluster.local", EDGE);
  expect(entry).toMatchObject({
    key: "domainmapping:team/shop.example.com",
    hosts: [{ host: "shop.example.com", visibility: "external", rules: [{ authority: "shop.team.svc.cluster.local" }] }],
  });
  expect(makeMapping(mapping(), "b.team.svc.cluster.local", EDGE).hash).not.toBe(entry.hash);
  expect(makeMapping(mapping(), "b.team.svc.cluster.local", { ...EDGE, redirectToTls: true }).hosts[0]?.redirectToTls).toBe(true);
  const policy = { deny: [{ address: "192.0.2.1" }] };
  expect(makeMapping(mapping(), "b.team.svc.cluster.local", { ...EDGE, policy }).hosts[0]?.policy).toEqual(policy);
});

describe("the certificate", async () => {
  const { certificate, key } = await makeCertificate(["shop.example.com"], NOW, systemRandom);
  const other = await makeCertificate(["shop.example.com"], NOW, systemRandom);
  const secured: DomainMapping = { ...mapping(), spec: { ...mapping().spec, tls: { secretName: "own" } } };
  const secret = (crt: string, pem: string): Secret => {
    const data = { "tls.crt": Buffer.from(crt).toString("base64"), "tls.key": Buffer.from(pem).toString("base64") };
    return { apiVersion: "v1", kind: "Secret", metadata: { name: "own", namespace: "team" }, type: "kubernetes.io/tls", data };
  };

  test("of the Secret is for this host alone; a mapping that names none has none", () => {
    expect(mappingTls(mapping(), undefined)).toBeUndefined();
    expect(mappingTls(secured, secret(certificate, key))).toEqual({
      certificate: { key: "domainmapping:team/shop.example.com", hosts: ["shop.example.com"], source: { certificate, privateKey: key } },
    });
  });

  test.each<[string, Secret | undefined, string]>([
    ["a Secret that is not there", undefined, 'secret "own" not found'],
    ["a Secret without them", secret("", ""), 'secret "own" must have tls.crt and tls.key'],
    ["no PEM", secret("a", "b"), 'secret "own" has no certificate and private key, in PEM, that belong together'],
    ["another's key", secret(certificate, other.key), 'secret "own" has no certificate and private key, in PEM, that belong together'],
  ])("%s: said in the status, with the URL that it would have", (_, found, message) => {
    const tls = mappingTls(secured, found);
    expect(tls).toEqual({ problem: { reason: "CertificateProvisionFailed", message } });
    const status = mappingStatus(secured, { claim: undefined, resolved: { host: "h" }, tls, ingress: { state: "ready" }, now: NOW });
    expect(summary({ status })).toContain("Ready False CertificateProvisionFailed");
    expect(status.url).toBe("https://shop.example.com");
  });

  test("that is good makes the mapping ready, provided externally", () => {
    const tls = mappingTls(secured, secret(certificate, key));
    const status = mappingStatus(secured, { claim: undefined, resolved: { host: "h" }, tls, ingress: { state: "ready" }, now: NOW });
    expect(summary({ status })).toContain("CertificateProvisioned True CertificateExternallyProvided");
    expect(summary({ status })).toContain("Ready True");
  });
});

describe("status", () => {
  const resolved = { host: "h" };
  test.each<[string, Omit<MappingObserved, "now">, string[]]>([
    [
      "claimed, resolved, answering",
      { claim: undefined, resolved, ingress: { state: "ready" } },
      ["CertificateProvisioned True TLSNotEnabled", "DomainClaimed True", "IngressReady True", "Ready True", "ReferenceResolved True"],
    ],
    [
      "not claimed",
      { claim: { reason: "DomainClaimFailed", message: "m" }, resolved: undefined, ingress: undefined },
      [
        "CertificateProvisioned True TLSNotEnabled",
        "DomainClaimed False DomainClaimFailed",
        "IngressReady Unknown IngressNotConfigured",
        "Ready False DomainClaimFailed",
        "ReferenceResolved Unknown",
      ],
    ],
    [
      "not resolved",
      { claim: undefined, resolved: { problem: { reason: "ResolveFailed", message: "m" } }, ingress: undefined },
      [
        "CertificateProvisioned True TLSNotEnabled",
        "DomainClaimed True",
        "IngressReady Unknown IngressNotConfigured",
        "Ready False ResolveFailed",
        "ReferenceResolved False ResolveFailed",
      ],
    ],
    [
      "the gateway has not answered",
      { claim: undefined, resolved, ingress: { state: "waiting", message: "m" } },
      [
        "CertificateProvisioned True TLSNotEnabled",
        "DomainClaimed True",
        "IngressReady Unknown Uninitialized",
        "Ready Unknown Uninitialized",
        "ReferenceResolved True",
      ],
    ],
  ])("%s", (_, observed, expected) => {
    const status = mappingStatus(mapping(), { ...observed, now: NOW });
    expect(summary({ status })).toEqual(expected);
    expect(status).toMatchObject({ url: "http://shop.example.com", observedGeneration: 1 });
  });
});
