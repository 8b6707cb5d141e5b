import { X509Certificate } from "node:crypto";

import { eventually, VirtualClock } from "@ebb/testkit";
import "reflect-metadata";
import { Pkcs10CertificateRequestGenerator, PemConverter } from "@peculiar/x509";
import { describe, expect, test } from "vitest";
import { startServer, VISITOR_TOKEN, type TestServer } from "../testing/server.ts";
import { connectKubectl, findKubectl } from "../testing/kubectl.ts";

const REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const MERGE = "application/merge-patch+json";

async function asked(subject = "CN=bob, O=readers"): Promise<{ request: string; key: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create({ name: subject, keys, signingAlgorithm: ALGORITHM });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { request: Buffer.from(request.toString("pem")).toString("base64"), key };
}

function csr(name: string, spec: object) {
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name },
    spec: { signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"], ...spec },
  };
}

const decide = ({ call }: TestServer, name: string, type: string, token?: string) =>
  call("PATCH", `${REQUESTS}/${name}/approval`, {
    type: MERGE,
    body: { status: { conditions: [{ type, status: "True", reason: "Test" }] } },
    ...(token ? { token } : {}),
  });

describe("a client's certificate", () => {
  test("is issued when the request is approved, for whom it names and as long as was asked, and opens the API", async () => {
    const server = await startServer();
    const { call } = server;
    const { request, key } = await asked();
    const forged = { username: "eve", groups: ["system:masters"] };
    const created = await call("POST", REQUESTS, { body: csr("r", { request, expirationSeconds: 3600, ...forged }), token: VISITOR_TOKEN });
    expect(created.status).toBe(403);
    const { body } = await call("POST", REQUESTS, { body: csr("r", { request, expirationSeconds: 3600, ...forged }) });
    expect(body.spec).toMatchObject({ username: "ann", groups: ["team", "system:masters", "system:authenticated"] });
    const approved = await decide(server, "r", "Approved");
    expect(approved.body.status.conditions).toEqual([
      { type: "Approved", status: "True", reason: "Test", lastUpdateTime: expect.any(String), lastTransitionTime: expect.any(String) },
    ]);
    const text = await eventually(async () => (await call("GET", `${REQUESTS}/r`)).body.status.certificate as string | undefined);
    const cert = Buffer.from(text, "base64").toString();
    const read = new X509Certificate(cert);
    expect(read.validToDate.getTime() - Date.now()).toBeLessThanOrEqual(3_600_000);
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const self = await call("POST", path, { body: review, token: undefined, client: { cert, key } });
    expect(self.body.status.userInfo).toMatchObject({ username: "bob", groups: expect.arrayContaining(["readers"]) });
    expect((await decide(server, "r", "Denied")).body.message).toContain("may not remove a condition of type");
    const table = await call("GET", REQUESTS, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
    expect(table.body.rows[0].cells.slice(2)).toEqual(["kubernetes.io/kube-apiserver-client", "ann", "60m", "Approved,Issued"]);
  });

  test("is not issued when it is denied, and says why when it cannot be", async () => {
    const server = await startServer();
    const { request } = await asked();
    await server.call("POST", REQUESTS, { body: csr("denied", { request }) });
    await server.call("POST", REQUESTS, { body: csr("server", { request, usages: ["server auth"] }) });
    await decide(server, "denied", "Denied");
    await decide(server, "server", "Approved");
    const failed = await eventually(async () => {
      const { conditions } = (await server.call("GET", `${REQUESTS}/server`)).body.status;
      return conditions.find(({ type }: { type: string }) => type === "Failed") as object | undefined;
    });
    expect(failed).toMatchObject({ reason: "SignerValidationFailure", message: "invalid usage for client certificate: server auth" });
    expect((await server.call("GET", `${REQUESTS}/denied`)).body.status.certificate).toBeUndefined();
  });

  test("is decided on by who may approve for the signer alone", async () => {
    const server = await startServer();
    const { call } = server;
    const { request } = await asked();
    await call("POST", REQUESTS, { body: csr("r", { request }) });
    const rules = [{ apiGroups: ["certificates.k8s.io"], resources: ["certificatesigningrequests/approval"], verbs: ["patch"] }];
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const bind = async (name: string) => {
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
      const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "vic" }];
      await call("POST", `${rbac}/clusterrolebindings`, { body: { metadata: { name: name.replaceAll(":", "-") }, subjects, roleRef } });
    };
    await call("POST", `${rbac}/clusterroles`, { body: { metadata: { name: "writer" }, rules } });
    await bind("writer");
    const refused = await decide(server, "r", "Approved", VISITOR_TOKEN);
    expect(refused).toMatchObject({
      status: 403,
      body: {
        message:
          'certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
      },
    });
    await bind("system:certificates.k8s.io:kube-apiserver-client-approver");
    expect((await decide(server, "r", "Approved", VISITOR_TOKEN)).status).toBe(200);
  });

  test("is refused", async () => {
    const { call } = await startServer();
    const refused: [string, object, string, number, string][] = [
      ["no request", { request: "" }, "", 422, "spec.request: Required value"],
      ["what is no request", { request: Buffer.from("x").toString("base64") }, "", 422, "PEM block type must be CERTIFICATE REQUEST"],
      ["no usages", { usages: [] }, "CN=a", 422, "spec.usages: Required value: usages must be provided"],
      ["an unknown usage", { usages: ["x"] }, "CN=a", 422, 'spec.usages[0]: Unsupported value: "x"'],
      ["a signer without a domain", { signerName: "x" }, "CN=a", 422, "must be a fully qualified domain and path"],
      ["too short a life", { expirationSeconds: 60 }, "CN=a", 422, "may not specify a duration less than 600 seconds"],
      ["an administrator's", {}, "CN=a, O=system:masters", 403, "with system:masters group is not allowed"],
    ];
    for (const [what, spec, subject, code, message] of refused) {
      const request = subject === "" ? {} : { request: (await asked(subject)).request };
      const { body } = await call("POST", REQUESTS, { body: csr("r", { ...request, ...spec }) });
      expect(body, what).toMatchObject({ code, message: expect.stringContaining(message) });
    }
  });

  test("what was asked for stays, and what is done with goes", async () => {
    const clock = new VirtualClock(Date.now());
    const { call } = await startServer({ clock });
    const { request } = await asked();
    await call("POST", REQUESTS, { body: csr("r", { request }) });
    const patched = await call("PATCH", `${REQUESTS}/r`, { type: MERGE, body: { spec: { usages: ["server auth"], username: "eve" } } });
    expect(patched.body.spec).toMatchObject({ usages: ["client auth"], username: "ann" });
    expect((await call("GET", `${REQUESTS}?fieldSelector=spec.signerName%3Dexample.com%2Fother`)).body.items).toEqual([]);
    await clock.advance(25 * 3_600_000);
    await eventually(async () => (await call("GET", `${REQUESTS}/r`)).status === 404);
  });
});

test.skipIf(!findKubectl())("kubectl certificate approve and deny", async () => {
  const { kubectl, file } = await connectKubectl();
  const { request } = await asked();
  for (const name of ["a", "b"]) await kubectl("create", "-f", await file(`${name}.json`, csr(name, { request })));
  expect(await kubectl("certificate", "approve", "a")).toBe("certificatesigningrequest.certificates.k8s.io/a approved");
  expect(await kubectl("certificate", "deny", "b")).toBe("certificatesigningrequest.certificates.k8s.io/b denied");
  await kubectl("wait", "csr/a", "--for=jsonpath={.status.certificate}", "--timeout=10s");
  expect(await kubectl("get", "csr")).toMatch(
    /NAME\s+AGE\s+SIGNERNAME\s+REQUESTOR\s+REQUESTEDDURATION\s+CONDITION\na\s.*Approved,Issued\nb\s.*Denied/,
  );
});
