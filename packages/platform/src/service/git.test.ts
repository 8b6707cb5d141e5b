import { createHmac } from "node:crypto";
import type { DeployGit } from "@ebb/api";
import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { openPlatformHttp } from "../testing/http.ts";
import { createWorld, SHOP, startProcess } from "../testing/world.ts";

const URL_OF_SHOP = "http://127.0.0.1:3000/acme/shop.git";
const BY = { user: "ann", origin: "http://ebb.example" };

async function platform() {
  const world = await createWorld();
  const process = await startProcess(world);
  const { service, ended } = process;
  await service.git.patchSettings({ allow: ["127.0.0.1"] });
  const deploy = async (body: Partial<DeployGit> = {}) =>
    ended((await service.git.deploy({ name: "shop", url: URL_OF_SHOP, ...body }, "ann")).id);
  return { ...process, world, deploy };
}

test("a revision of a repository becomes a version that knows where it is from, and takes that along", async () => {
  const { deploy, service, world, ended } = await platform();
  const done = await deploy({ ref: "main", folder: "./web/" });
  expect(done).toMatchObject({ state: "succeeded", version: "v1" });
  expect((JSON.parse(done.phases_json) as { name: string }[]).map(({ name }) => name).slice(0, 3)).toEqual(["clone", "unpack", "build"]);
  expect(world.builds).toEqual([`${URL_OF_SHOP} main`]);
  const source = { url: URL_OF_SHOP, ref: "main", folder: "web", author: "Ann", message: "Hello" };
  expect(await service.getVersion(SHOP, "v1")).toMatchObject({ commit: "c0ffee", source });
  await ended((await service.promote({ app: "shop", env: "staging" }, { from: "test" }, "ann")).id);
  expect(await service.getVersion({ app: "shop", env: "staging" }, "v1")).toMatchObject({ commit: "c0ffee", source });
});

test("what is begun again builds the commit that it fetched, whatever was pushed meanwhile", async () => {
  const { service, world, kill } = await platform();
  const source = `${URL_OF_SHOP} main`;
  world.sources.set(source, { wait: new Promise(() => {}) });
  const { id } = await service.git.deploy({ name: "shop", url: URL_OF_SHOP, ref: "main" }, "ann");
  await eventually(() => expect(world.builds).toEqual([source]));
  await kill();
  world.head = "decaf";
  world.sources.delete(source);
  const heir = await startProcess(world);
  expect(await heir.ended(id)).toMatchObject({ state: "succeeded" });
  expect(await heir.service.getVersion(SHOP, "v1")).toMatchObject({ commit: "c0ffee", source: { ref: "main" } });
  await heir.ended((await heir.service.git.deploy({ name: "shop", url: URL_OF_SHOP, ref: "main" }, "ann")).id);
  expect(await heir.service.getVersion(SHOP, "v2")).toMatchObject({ commit: "decaf" });
});

test("servers that the policy does not name are refused, before and in the operation", async () => {
  const { deploy, service } = await platform();
  await expect(deploy({ url: "http://127.0.0.2/acme/shop.git" })).rejects.toMatchObject({ code: "git_target_refused" });
  await expect(deploy({ url: "file:///etc" })).rejects.toMatchObject({ code: "git_url_invalid" });
  expect(await deploy({ url: "https://127.0.0.2/acme/shop.git" })).toMatchObject({
    state: "failed",
    failure_json: expect.stringContaining("git_target_refused") as unknown,
  });
  await service.git.patchSettings({ allow: [] });
  await expect(deploy()).rejects.toMatchObject({ code: "git_target_refused" });
});

test("credentials are sealed, go by their longest prefix, and SSH takes one", async () => {
  const { service, db, deploy } = await platform();
  const made = await service.git.addCredential("default", { prefix: "127.0.0.1:3000", kind: "token", token: "t0p-secret" }, "ann");
  expect(made).toMatchObject({ prefix: "127.0.0.1:3000", user: "ebb", publicKey: null });
  await service.git.addCredential("default", { prefix: "127.0.0.1:3000/acme", kind: "token", user: "bot", token: "other" }, "ann");
  expect(await deploy()).toMatchObject({ state: "succeeded" });
  const ssh = await service.git.addCredential("default", { prefix: "git.example.com", kind: "ssh" }, "ann");
  expect(ssh).toMatchObject({
    publicKey: expect.stringMatching(/^ssh-ed25519 /) as unknown,
    fingerprint: expect.stringMatching(/^SHA256:/) as unknown,
  });
  expect(await deploy({ url: "ssh://git@127.0.0.1/acme/shop" })).toMatchObject({
    failure_json: expect.stringContaining("git_credential_missing") as unknown,
  });
  const stored = JSON.stringify([
    await db.selectFrom("git_credentials").selectAll().execute(),
    await db.selectFrom("audit").selectAll().execute(),
  ]);
  expect(stored).not.toMatch(/t0p-secret|PRIVATE KEY/);
  // The same prefix and kind again takes its place.
  await service.git.addCredential("default", { prefix: "127.0.0.1:3000", kind: "token", token: "new" }, "ann");
  expect((await service.git.credentials("default")).map(({ prefix }) => prefix)).toEqual([
    "127.0.0.1:3000",
    "127.0.0.1:3000/acme",
    "git.example.com",
  ]);
  await service.git.removeCredential("default", ssh.id);
  await expect(service.git.removeCredential("default", ssh.id)).rejects.toMatchObject({ code: "git_credential_not_found" });
  for (const bad of [
    { kind: "token" },
    { kind: "ssh", key: "nonsense" },
    { kind: "ssh", knownHosts: "nonsense" },
    { kind: "token", token: "x", key: "y" },
  ] as const)
    await expect(service.git.addCredential("default", { prefix: "x.example", ...bad }, "ann")).rejects.toMatchObject({
      code: "git_credential_invalid",
    });
});

async function linked() {
  const made = await platform();
  const { service } = made;
  await made.deploy();
  await service.git.put("shop", { url: URL_OF_SHOP, rules: [{ branch: "main", environment: "test" }], previewHours: 24 }, BY);
  const { secret, url } = await service.git.renewHook("shop", BY.origin);
  expect(url).toBe("http://ebb.example/api/v1/hooks/git/shop");
  const push = (branch: string, more: object = {}, key = secret) => {
    const body = Buffer.from(
      JSON.stringify({ ref: `refs/heads/${branch}`, after: "abc", repository: { full_name: "acme/shop" }, ...more }),
    );
    const signature = createHmac("sha256", key).update(body).digest("hex");
    return service.git.receive("shop", { headers: { "x-github-event": "push", "x-hub-signature-256": `sha256=${signature}` }, body });
  };
  return { ...made, push, secret };
}
const GONE = { after: "0".repeat(40), deleted: true };

test("a push deploys its branch where the rule says; another gets a preview, which goes with its branch", async () => {
  const { push, ended, service } = await linked();
  const main = await push("main");
  expect(main).toMatchObject({ outcome: "deployed", message: "main goes to test" });
  expect(await ended(main.operation ?? "")).toMatchObject({ state: "succeeded", version: "v2", created_by: "git push" });
  const feature = await push("feature/login");
  expect(await ended(feature.operation ?? "")).toMatchObject({ state: "succeeded", env: "feature-login" });
  expect((await service.getEnvironment("default", "feature-login")).preview).toMatchObject({ branch: "feature/login" });
  const gone = await push("feature/login", GONE);
  expect(gone.outcome).toBe("removed");
  expect(await ended(gone.operation ?? "")).toMatchObject({ kind: "delete", env: "feature-login", state: "succeeded" });
  expect(await push("feature/login", GONE)).toMatchObject({ outcome: "ignored" });
  expect(await push("main", GONE)).toMatchObject({ outcome: "ignored" });
  const { deliveries } = await service.git.get("shop", "http://ebb.example");
  expect(deliveries.map(({ branch, outcome }) => `${branch} ${outcome}`)).toEqual([
    "main ignored",
    "feature/login ignored",
    "feature/login removed",
    "feature/login deployed",
    "main deployed",
  ]);
});

test("a push while one waits is that one; another app's preview of the same branch stays", async () => {
  const { push, ended, service, world } = await linked();
  const held = Promise.withResolvers<void>();
  world.sources.set(`${URL_OF_SHOP} main`, { wait: held.promise });
  const first = await push("main");
  while (world.builds.length < 2) await new Promise(setImmediate);
  const [second, third] = [await push("main"), await push("main")];
  expect(second.operation).not.toBe(first.operation);
  expect(third.operation).toBe(second.operation);
  held.resolve();
  expect(await ended(second.operation ?? "")).toMatchObject({ version: "v3" });
  const preview = await push("x");
  await ended(preview.operation ?? "");
  await ended((await service.deployImage({ name: "blog", image: "ok-1", environment: "x" }, "ann")).id);
  const gone = await push("x", GONE);
  expect(await ended(gone.operation ?? "")).toMatchObject({ kind: "delete", env: "x", app: "shop" });
  expect(await service.getEnvironment("default", "x")).toMatchObject({ apps: 1 });
});

test("a push is held to what the environment asks for, and what is refused is an answer", async () => {
  const { push, service, db } = await linked();
  await service.patchEnvironment("default", "test", { approvals: 1 });
  const { operation } = await push("main");
  expect(await service.getOperation(operation ?? "")).toMatchObject({ state: "waiting" });
  // What is approved is the commit that was pushed, and no later one.
  const row = await db
    .selectFrom("operations")
    .select("request_json")
    .where("id", "=", operation ?? "")
    .executeTakeFirstOrThrow();
  expect(JSON.parse(row.request_json)).toMatchObject({ git: { ref: "abc" } });
  await service.patchTeam("default", { previewLimit: 0 });
  expect(await push("y")).toMatchObject({ outcome: "refused", message: expect.stringContaining("previews") as unknown, operation: null });
});

test("what is not signed is refused, alike for what is not there; the newest secret alone is good", async () => {
  const { push, secret, service } = await linked();
  await expect(push("main", {}, "wrong")).rejects.toMatchObject({ code: "hook_refused" });
  const nowhere = service.git.receive("nowhere", {
    headers: { "x-gitlab-token": "x", "x-gitlab-event": "Push Hook" },
    body: Buffer.from("{}"),
  });
  const refusal = await push("main", {}, "wrong").catch((error: unknown) => error);
  await expect(nowhere).rejects.toEqual(refusal);
  await service.git.renewHook("shop", BY.origin);
  await expect(push("main", {}, secret)).rejects.toMatchObject({ code: "hook_refused" });
  await service.git.remove("shop");
  expect(await service.git.get("shop", BY.origin)).toMatchObject({ url: "", updated: null });
  await expect(service.git.deploy({ name: "shop" }, "ann")).rejects.toMatchObject({ code: "repository_not_linked" });
  await expect(push("main")).rejects.toMatchObject({ code: "hook_refused" });
});

test("over HTTP the body is taken as it was signed, and who guesses is stopped", async () => {
  const { service, secret } = await linked();
  const { base } = await openPlatformHttp({ git: service.git });
  const body = ' {"ref": "refs/tags/v1", "repository": {"full_name": "acme/shop"}}';
  const send = (signature: string) =>
    fetch(`${base}/api/v1/hooks/git/shop`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-gitea-event": "push", "x-gitea-signature": signature },
      body,
    });
  const good = createHmac("sha256", secret).update(body).digest("hex");
  const answer = await send(good);
  expect([answer.status, await answer.json()]).toMatchObject([200, { outcome: "ignored" }]);
  const statuses = [];
  for (let i = 0; i < 21; i++) statuses.push((await send("00")).status);
  expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
});
