import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemRandom } from "@ebb/base";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { issueClient, makeAuthority } from "./pki/authority.ts";
import { startServer, VISITOR_TOKEN, type TestServer } from "./testing/server.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const TEAM = "/api/v1/namespaces/default";
const VISITOR = { token: VISITOR_TOKEN };
const run = promisify(execFile);

const roleRef = (name: string, kind = "Role") => ({ apiGroup: "rbac.authorization.k8s.io", kind, name });
const role = (name: string, rules: object[]) => ({ kind: "Role", apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name }, rules });
const podReader = [{ apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get", "list", "watch"] }];

async function grant({ call }: TestServer, rules: object[], subjects: object[]): Promise<void> {
  expect((await call("POST", `${RBAC}/namespaces/default/roles`, { body: role("r", rules) })).status).toBe(201);
  const body = { metadata: { name: "b" }, roleRef: roleRef("r"), subjects };
  expect((await call("POST", `${RBAC}/namespaces/default/rolebindings`, { body })).status).toBe(201);
}

async function account({ call }: TestServer, name: string, spec: object = {}): Promise<string> {
  await call("POST", `${TEAM}/serviceaccounts`, { body: { metadata: { name } } });
  const reply = await call("POST", `${TEAM}/serviceaccounts/${name}/token`, { body: { spec } });
  expect(reply.status).toBe(201);
  return reply.body.status.token;
}

describe("who asks", () => {
  test("without credentials it is system:anonymous, who sees the version and no more", async () => {
    const { call } = await startServer();
    expect((await call("GET", "/version", { token: "" })).status).toBe(200);
    const reply = await call("GET", `${TEAM}/pods`, { token: "" });
    expect(reply.body).toMatchObject({
      code: 403,
      reason: "Forbidden",
      message: 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
    });
    expect((await call("GET", "/api", { token: "" })).body.message).toBe('forbidden: User "system:anonymous" cannot get path "/api"');
  });

  test("a client certificate names the user and the groups; one of another authority, or for servers, is refused", async () => {
    const { call, kubeconfig, folder } = await startServer();
    const { user } = parse(kubeconfig).users[1];
    const pem = (text: string) => Buffer.from(text, "base64").toString();
    const client = { cert: pem(user["client-certificate-data"]), key: pem(user["client-key-data"]) };
    const who = await call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", { body: {}, token: "", client });
    expect(who.body.status.userInfo).toEqual({ username: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] });
    const validity = { now: Date.now(), days: 1, random: systemRandom };
    const strange = await issueClient(await makeAuthority(validity), { name: "kubernetes-admin", groups: ["system:masters"] }, validity);
    const other = { cert: strange.certificate, key: strange.key };
    expect((await call("GET", `${TEAM}/pods`, { token: "", client: other })).status).toBe(401);
    const server = {
      cert: await readFile(join(folder, "pki/server.crt"), "utf8"),
      key: await readFile(join(folder, "pki/server.key"), "utf8"),
    };
    expect((await call("GET", `${TEAM}/pods`, { token: "", client: server })).status).toBe(401);
    const own = {
      certificate: await readFile(join(folder, "pki/ca.crt"), "utf8"),
      key: await readFile(join(folder, "pki/ca.key"), "utf8"),
    };
    const made = await issueClient(own, { name: "eve", groups: ["dev", "ops"] }, validity);
    const eve = await call("GET", `${TEAM}/pods`, { token: "", client: { cert: made.certificate, key: made.key } });
    expect(eve.body.message).toContain('User "eve" cannot list resource "pods"');
    const past = await issueClient(own, { name: "eve", groups: ["system:masters"] }, { ...validity, days: -0.01 });
    expect((await call("GET", `${TEAM}/pods`, { token: "", client: { cert: past.certificate, key: past.key } })).status).toBe(401);
  });

  test("impersonation is for those who may, of a user and of each group", async () => {
    const { call } = await startServer();
    const as = (user: string, groups: string[] = []) => ({
      "impersonate-user": user,
      ...(groups.length > 0 ? { "impersonate-group": groups } : {}),
    });
    const who = (headers: Record<string, string | string[]>) =>
      call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", { body: {}, headers });
    expect((await who(as("vic", ["a", "b"]))).body.status.userInfo).toEqual({
      username: "vic",
      groups: ["a", "b", "system:authenticated"],
    });
    expect((await who(as("system:serviceaccount:default:x"))).body.status.userInfo.groups).toEqual([
      "system:serviceaccounts",
      "system:serviceaccounts:default",
      "system:authenticated",
    ]);
    expect((await call("GET", `${TEAM}/pods`, { headers: as("vic") })).status).toBe(403);
    expect((await call("GET", `${TEAM}/pods`, { ...VISITOR, headers: as("ann") })).body.message).toBe(
      'users "ann" is forbidden: User "vic" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
    const rules = [{ apiGroups: [""], resources: ["users"], verbs: ["impersonate"], resourceNames: ["ann"] }];
    await call("POST", `${RBAC}/clusterroles`, { body: { metadata: { name: "i" }, rules } });
    const subjects = [{ kind: "User", name: "vic" }];
    await call("POST", `${RBAC}/clusterrolebindings`, {
      body: { metadata: { name: "i" }, roleRef: roleRef("i", "ClusterRole"), subjects },
    });
    expect((await call("GET", "/api", { ...VISITOR, headers: as("ann") })).status).toBe(200);
    expect((await call("GET", "/api", { ...VISITOR, headers: as("ann", ["system:masters"]) })).status).toBe(403);
    expect((await call("GET", "/api", { headers: { "impersonate-group": "a" } })).status).toBe(400);
  });
});

describe("who may", () => {
  test("a binding counts from the next request on, in its namespace, and no longer than it is there", async () => {
    const server = await startServer();
    const { call } = server;
    await call("POST", "/api/v1/namespaces", { body: { metadata: { name: "other" } } });
    expect((await call("GET", `${TEAM}/pods`, VISITOR)).status).toBe(403);
    await grant(server, podReader, [{ kind: "Group", name: "visitors" }]);
    expect((await call("GET", `${TEAM}/pods`, VISITOR)).status).toBe(200);
    expect((await call("GET", `${TEAM}/pods/none/log`, VISITOR)).status).toBe(404);
    for (const [method, path] of [
      ["GET", "/api/v1/namespaces/other/pods"],
      ["GET", "/api/v1/pods"],
      ["DELETE", `${TEAM}/pods`],
      ["GET", `${TEAM}/secrets`],
      ["GET", "/metrics"],
      ["GET", `${TEAM}/none`],
    ] as const)
      expect([path, (await call(method, path, VISITOR)).status]).toEqual([path, 403]);
    await call("DELETE", `${RBAC}/namespaces/default/rolebindings/b`);
    expect((await call("GET", `${TEAM}/pods`, VISITOR)).status).toBe(403);
  });

  test("view, edit and admin are made of parts, and of new parts when they come", async () => {
    const { call } = await startServer();
    const body = { metadata: { name: "b" }, roleRef: roleRef("view", "ClusterRole"), subjects: [{ kind: "User", name: "vic" }] };
    await call("POST", `${RBAC}/namespaces/default/rolebindings`, { body });
    expect((await call("GET", `${TEAM}/configmaps`, VISITOR)).status).toBe(200);
    expect((await call("GET", `${TEAM}/secrets`, VISITOR)).status).toBe(403);
    const services = "/apis/serving.knative.dev/v1/namespaces/default/services";
    expect((await call("GET", services, VISITOR)).status).toBe(403);
    const labels = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
    const rules = [{ apiGroups: ["serving.knative.dev"], resources: ["*"], verbs: ["get", "list"] }];
    await call("POST", `${RBAC}/clusterroles`, { body: { metadata: { name: "knative-view", labels }, rules } });
    await expect.poll(async () => (await call("GET", services, VISITOR)).status).toBe(200);
    const { rules: all } = (await call("GET", `${RBAC}/clusterroles/admin`)).body;
    await expect.poll(async () => (await call("GET", `${RBAC}/clusterroles/admin`)).body.rules).toContainEqual(rules[0]);
    expect(all).toContainEqual(expect.objectContaining({ resources: ["rolebindings", "roles"] }));
  });

  test("nobody grants what they do not have, unless they may escalate or bind", async () => {
    const server = await startServer();
    const { call } = server;
    const manage = { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles", "rolebindings"], verbs: ["create", "update", "get"] };
    await grant(server, [...podReader, manage], [{ kind: "User", name: "vic" }]);
    const create = (name: string, rules: object[]) =>
      call("POST", `${RBAC}/namespaces/default/roles`, { ...VISITOR, body: role(name, rules) });
    expect((await create("same", podReader)).status).toBe(201);
    const more = await create("more", [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }]);
    expect(more.body.message).toBe(
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "vic" (groups=["visitors" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    );
    const own = (await call("GET", `${RBAC}/namespaces/default/roles/r`, VISITOR)).body;
    const wider = { ...own, rules: [...own.rules, { apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] };
    expect((await call("PUT", `${RBAC}/namespaces/default/roles/r`, { ...VISITOR, body: wider })).status).toBe(403);
    const bind = (name: string, to: object) =>
      call("POST", `${RBAC}/namespaces/default/rolebindings`, {
        ...VISITOR,
        body: { metadata: { name }, roleRef: to, subjects: [{ kind: "User", name: "vic" }] },
      });
    expect((await bind("admin", roleRef("cluster-admin", "ClusterRole"))).status).toBe(403);
    expect((await bind("none", roleRef("none"))).status).toBe(403);
    expect((await bind("same", roleRef("same"))).status).toBe(201);
    const may = { apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], resourceNames: ["edit"], verbs: ["bind"] };
    await call("PUT", `${RBAC}/namespaces/default/roles/r`, { body: { ...own, rules: [...own.rules, may] } });
    expect((await bind("edit", roleRef("edit", "ClusterRole"))).status).toBe(201);
    expect((await bind("admin", roleRef("cluster-admin", "ClusterRole"))).status).toBe(403);
  });

  test.each([
    [
      "a rule without verbs",
      "roles",
      role("x", [{ apiGroups: [""], resources: ["pods"] }]),
      "rules[0].verbs: Required value: verbs must contain at least one value",
    ],
    [
      "a path in a namespace",
      "roles",
      role("x", [{ nonResourceURLs: ["/a"], verbs: ["get"] }]),
      "namespaced rules cannot apply to non-resource URLs",
    ],
    [
      "a subject of no kind",
      "rolebindings",
      { metadata: { name: "x" }, roleRef: roleRef("r"), subjects: [{ kind: "Robot", name: "a" }] },
      'subjects[0].kind: Unsupported value: "Robot"',
    ],
    [
      "an account without namespace",
      "rolebindings",
      { metadata: { name: "x" }, roleRef: roleRef("r"), subjects: [{ kind: "ServiceAccount", name: "a" }] },
      "subjects[0].namespace: Required value",
    ],
    [
      "a role of another kind",
      "rolebindings",
      { metadata: { name: "x" }, roleRef: roleRef("r", "Secret") },
      "roleRef.kind: Unsupported value",
    ],
  ])("%s is refused", async (_, plural, body, message) => {
    const { call } = await startServer();
    const reply = await call("POST", `${RBAC}/namespaces/default/${plural}`, { body });
    expect(reply.body).toMatchObject({ code: 422, message: expect.stringContaining(message) });
  });

  test("an apply that creates needs the right to create, and grants no more than one has", async () => {
    const server = await startServer();
    const patch = { apiGroups: ["", "rbac.authorization.k8s.io"], resources: ["configmaps", "roles"], verbs: ["patch", "get"] };
    await grant(server, [patch], [{ kind: "User", name: "vic" }]);
    const apply = (path: string, body: object) =>
      server.call("PATCH", `${path}?fieldManager=t`, { ...VISITOR, type: "application/apply-patch+yaml", body });
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" }, data: { a: "1" } };
    expect((await apply(`${TEAM}/configmaps/m`, map)).body.message).toContain('User "vic" cannot create resource "configmaps"');
    await server.call("POST", `${TEAM}/configmaps`, { body: map });
    expect((await apply(`${TEAM}/configmaps/m`, { ...map, data: { b: "2" } })).status).toBe(200);
    await server.call("PUT", `${RBAC}/namespaces/default/roles/r`, { body: role("r", [{ ...patch, verbs: ["patch", "create"] }]) });
    const path = `${RBAC}/namespaces/default/roles/more`;
    expect((await apply(path, role("more", podReader))).body.message).toContain("attempting to grant RBAC permissions not currently held");
    expect((await apply(path, role("more", [{ ...patch, verbs: ["create"] }]))).status).toBe(201);
  });

  test("the role of a binding cannot be changed", async () => {
    const server = await startServer();
    await grant(server, podReader, [{ kind: "User", name: "vic" }]);
    const path = `${RBAC}/namespaces/default/rolebindings/b`;
    const { body } = await server.call("GET", path);
    expect((await server.call("PUT", path, { body: { ...body, roleRef: roleRef("other") } })).body.message).toContain(
      "cannot change roleRef",
    );
  });
});

describe("service accounts", () => {
  test("each namespace has its default one; deleted, it comes again", async () => {
    const { call } = await startServer();
    await call("POST", "/api/v1/namespaces", { body: { metadata: { name: "team" } } });
    const path = "/api/v1/namespaces/team/serviceaccounts/default";
    await expect.poll(async () => (await call("GET", path)).status).toBe(200);
    const { uid } = (await call("GET", path)).body.metadata;
    await call("DELETE", path);
    await expect.poll(async () => (await call("GET", path)).body.metadata.uid ?? uid).not.toBe(uid);
  });

  test("a token is the account's, for its audiences, and ends with the account", async () => {
    const server = await startServer();
    const { call } = server;
    const token = await account(server, "robot");
    const user = "system:serviceaccount:default:robot";
    expect((await call("GET", `${TEAM}/pods`, { token })).body.message).toContain(`User "${user}" cannot list`);
    await grant(server, podReader, [{ kind: "ServiceAccount", name: "robot", namespace: "default" }]);
    expect((await call("GET", `${TEAM}/pods`, { token })).status).toBe(200);
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      sub: user,
      iss: "https://kubernetes.default.svc.cluster.local",
      aud: ["https://kubernetes.default.svc.cluster.local"],
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3600);
    const elsewhere = await account(server, "robot", { audiences: ["vault"] });
    expect((await call("GET", `${TEAM}/pods`, { token: elsewhere })).status).toBe(401);
    const review = (spec: object) => call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { body: { spec } });
    expect((await review({ token: elsewhere, audiences: ["vault", "x"] })).body.status).toMatchObject({
      authenticated: true,
      audiences: ["vault"],
      user: { username: user, groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"] },
    });
    expect((await review({ token: `${token}x` })).body.status.authenticated).toBe(false);
    await call("DELETE", `${TEAM}/serviceaccounts/robot`);
    expect((await call("GET", `${TEAM}/pods`, { token })).status).toBe(401);
    await call("POST", `${TEAM}/serviceaccounts`, { body: { metadata: { name: "robot" } } });
    expect((await call("GET", `${TEAM}/pods`, { token })).status).toBe(401);
  });

  test("a token bound to a Pod ends with it; one for another's Pod is not made", async () => {
    const server = await startServer();
    const { call } = server;
    const pod = { metadata: { name: "p" }, spec: { serviceAccountName: "robot", containers: [{ name: "c", image: "i" }] } };
    const { uid } = (await call("POST", `${TEAM}/pods`, { body: pod })).body.metadata;
    const boundObjectRef = { kind: "Pod", apiVersion: "v1", name: "p", uid };
    const token = await account(server, "robot", { boundObjectRef });
    const who = await call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", { body: {}, token });
    expect(who.body.status.userInfo.extra).toMatchObject({ "authentication.kubernetes.io/pod-name": ["p"] });
    const request = (name: string, spec: object) => call("POST", `${TEAM}/serviceaccounts/${name}/token`, { body: { spec } });
    expect((await request("default", { boundObjectRef })).body.message).toContain("different serviceaccount name");
    expect((await request("robot", { boundObjectRef: { ...boundObjectRef, uid: "other" } })).status).toBe(409);
    expect((await request("robot", { boundObjectRef: { ...boundObjectRef, name: "none" } })).status).toBe(404);
    expect((await request("robot", { expirationSeconds: 5 })).body.message).toContain("may not specify a duration less than 10 minutes");
    await call("DELETE", `${TEAM}/pods/p`);
    expect((await call("GET", "/api", { token })).status).toBe(401);
  });

  test("a Secret of the token type is filled in, and goes with its account", async () => {
    const server = await startServer();
    const { call } = server;
    await account(server, "robot");
    const annotations = { "kubernetes.io/service-account.name": "robot" };
    const path = `${TEAM}/secrets/s`;
    await call("POST", `${TEAM}/secrets`, { body: { metadata: { name: "s", annotations }, type: "kubernetes.io/service-account-token" } });
    await expect.poll(async () => Object.keys((await call("GET", path)).body.data ?? {}).sort()).toEqual(["ca.crt", "namespace", "token"]);
    const token = Buffer.from((await call("GET", path)).body.data.token, "base64").toString();
    const who = await call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", { body: {}, token });
    expect(who.body.status.userInfo.username).toBe("system:serviceaccount:default:robot");
    await call("DELETE", `${TEAM}/serviceaccounts/robot`);
    await expect.poll(async () => (await call("GET", path)).status).toBe(404);
    expect((await call("GET", "/api", { token })).status).toBe(401);
  });

  test("anybody can check a token with the published keys", async () => {
    const server = await startServer();
    const token = await account(server, "robot", { audiences: ["x"] });
    const configuration = (await server.call("GET", "/.well-known/openid-configuration", { token: await account(server, "reader") })).body;
    const keys = JSON.parse((await server.call("GET", new URL(configuration.jwks_uri).pathname)).body);
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { issuer: configuration.issuer, audience: "x" });
    expect(payload.sub).toBe("system:serviceaccount:default:robot");
    expect((await server.call("GET", "/openid/v1/jwks", { token: "" })).status).toBe(403);
  });
});

describe("reviews", () => {
  test("of others, by those who may ask; of one's own rules", async () => {
    const server = await startServer();
    const { call } = server;
    await grant(server, podReader, [{ kind: "User", name: "vic" }]);
    const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    const resourceAttributes = { verb: "get", resource: "pods", subresource: "log", namespace: "default" };
    const review = (spec: object, options = {}) => call("POST", path, { body: { spec }, ...options });
    expect((await review({ user: "vic", resourceAttributes })).body.status).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "b/default" of Role "r" to User "vic"',
    });
    expect((await review({ user: "bob", resourceAttributes })).body.status.allowed).toBe(false);
    expect((await review({ groups: ["system:masters"], nonResourceAttributes: { path: "/x", verb: "get" } })).body.status.allowed).toBe(
      true,
    );
    expect((await review({ user: "vic" })).body.message).toContain("exactly one of nonResourceAttributes or resourceAttributes");
    expect((await review({ resourceAttributes })).body.message).toContain("at least one of user or group");
    expect((await review({ user: "ann", resourceAttributes }, VISITOR)).status).toBe(403);
    const local = "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews";
    expect((await call("POST", local, { body: { spec: { user: "vic", resourceAttributes } } })).body.status.allowed).toBe(true);
    const other = { ...resourceAttributes, namespace: "x" };
    expect((await call("POST", local, { body: { spec: { user: "vic", resourceAttributes: other } } })).body.message).toContain(
      "must match metadata.namespace",
    );
    const rules = await call("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {
      body: { spec: { namespace: "default" } },
      ...VISITOR,
    });
    expect(rules.body.status.resourceRules).toContainEqual(podReader[0]);
  });

  test("kubectl: auth can-i, auth whoami, create token, --as, create role and rolebinding", async () => {
    const { kubeconfig, folder } = await startServer();
    const path = join(folder, "kubeconfig");
    await writeFile(path, kubeconfig);
    const kubectl = async (...args: string[]) => {
      const env = { PATH: process.env["PATH"], HOME: folder, KUBECONFIG: path };
      try {
        return (await run("kubectl", args, { env })).stdout.trim();
      } catch (error) {
        return `${(error as { stdout: string }).stdout}${(error as { stderr: string }).stderr}`.trim();
      }
    };
    expect(await kubectl("auth", "can-i", "delete", "pods")).toBe("yes");
    expect(await kubectl("auth", "can-i", "list", "pods", "--as=bob")).toBe("no");
    await kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods,pods/log");
    await kubectl("create", "serviceaccount", "robot");
    await kubectl("create", "rolebinding", "readers", "--role=reader", "--serviceaccount=default:robot", "--user=bob");
    expect(await kubectl("auth", "can-i", "list", "pods", "--as=bob")).toBe("yes");
    expect(await kubectl("get", "pods", "--as=bob")).toBe("");
    expect(await kubectl("get", "secrets", "--as=bob")).toContain('User "bob" cannot list resource "secrets"');
    expect(await kubectl("--context=ebb-certificate", "auth", "whoami")).toContain("kubernetes-admin");
    const token = await kubectl("create", "token", "robot", "--duration=20m");
    expect(await kubectl("auth", "whoami", "--as=system:serviceaccount:default:robot")).toContain("system:serviceaccounts:default");
    expect(decodeJwt(token).sub).toBe("system:serviceaccount:default:robot");
    expect(await kubectl("auth", "can-i", "--list", "--as=bob")).toContain("pods/log");
    expect(await kubectl("get", "clusterroles", "view", "-o", "jsonpath={.metadata.name}")).toBe("view");
  });
});
