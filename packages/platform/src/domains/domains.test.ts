import { expect, test } from "vitest";
import { listAudit } from "../audit/store.ts";
import { domainRulesName, domainSecretName } from "../compile/domain.ts";
import { testAuthority } from "../testing/certificates.ts";
import { domainWorld, HOST, prove, type DomainProcess } from "../testing/domain-world.ts";
import { SHOP } from "../testing/world.ts";
import { DAY } from "./times.ts";

const BLOG = { app: "blog", env: "test" };
const NOW = Date.UTC(2026, 0, 1);
const actions = async ({ db }: DomainProcess) =>
  (await listAudit(db, { limit: 50 })).map(({ action }) => action).filter((action) => action.startsWith("domain."));

async function verified(certificate: "acme" | "none" = "none") {
  const here = await domainWorld();
  const process = await here.begin();
  await process.domains.add(SHOP, { name: HOST, certificate }, "ann");
  await prove(here, process);
  return { ...here, process, mapping: () => here.world.cluster.domains.mappings.get(HOST) };
}

test("a domain waits for its proof, asks DNS less and less often, and leads to the app once it is proved", async () => {
  const here = await domainWorld();
  const process = await here.begin();
  const { domains, clock } = process;
  const added = await domains.add(SHOP, { name: "WWW.Shop.example", certificate: "none" }, "ann");
  expect(added).toMatchObject({ name: HOST, state: "pending-verification", createdBy: "ann", url: `http://${HOST}:${here.gateway.port}` });
  expect(added.problem).toMatchObject({ code: "not_verified", hint: expect.stringContaining(added.verification.record.value) });
  await process.engine.stop();
  const asked = () => here.dns.asked.filter((each) => each.startsWith("TXT")).length;
  await process.until(async () => clock.now() - NOW > 3_600_000, 10_000);
  expect(asked()).toBeLessThan(25);
  expect(here.world.cluster.domains.mappings.size).toBe(0);
  await prove(here, process);
  expect(await domains.get(SHOP, HOST)).toMatchObject({ state: "live", verification: { by: "dns" }, problem: null });
  expect(here.world.cluster.domains.mappings.get(HOST)).toMatchObject({ spec: { ref: { kind: "Service", name: "shop" } } });
  expect(await actions(process)).toEqual(["domain.verified", "domain.added"]);
});

test("an administrator's word stands in for the proof, once, and the trail has the reason", async () => {
  const here = await domainWorld();
  const process = await here.begin();
  await process.domains.add(SHOP, { name: HOST, certificate: "none" }, "ann");
  const accepted = await process.domains.accept(SHOP, HOST, { why: "in our own DNS" });
  expect(accepted).toMatchObject({ state: "live", verification: { by: "administrator" }, problem: null });
  expect(here.world.cluster.domains.mappings.get(HOST)).toMatchObject({ spec: { ref: { kind: "Service", name: "shop" } } });
  await process.domains.accept(SHOP, HOST, { why: "again" });
  expect(await actions(process)).toEqual(["domain.accepted", "domain.added"]);
  const [last] = await listAudit(process.db, { limit: 1 });
  expect(last).toMatchObject({ before: { verified: false }, after: { verified: true, why: "in our own DNS" } });
});

test("one that leads here already is proved by the gateway's own answer, unless that is switched off", async () => {
  const here = await domainWorld();
  const process = await here.begin();
  here.dns.records.set(`A ${HOST}`, "127.0.0.1");
  await process.domains.patchSettings({ httpProof: false });
  expect(await process.domains.add(SHOP, { name: HOST, certificate: "none" }, "ann")).toMatchObject({
    verification: { by: null, http: null },
  });
  await process.domains.patchSettings({ httpProof: true });
  expect(await process.domains.verify(SHOP, HOST)).toMatchObject({ state: "live", verification: { by: "http" } });
});

test("it is one app's in one environment, and whose is not told; one that nobody proves within a week is free again", async () => {
  const here = await domainWorld();
  const process = await here.begin();
  const { domains, clock } = process;
  await domains.add(SHOP, { name: HOST }, "ann");
  const refused = domains.add(BLOG, { name: HOST }, "bob");
  await expect(refused).rejects.toMatchObject({ code: "domain_taken", message: expect.not.stringMatching(/shop[^.]/) });
  await expect(domains.get(BLOG, HOST)).rejects.toMatchObject({ code: "domain_not_found" });
  expect(await domains.add(SHOP, { name: HOST }, "ann")).toMatchObject({ createdBy: "ann" });
  await process.engine.stop();
  await process.until(async () => (await domains.get(SHOP, HOST)).problem?.code === "verification_expired", 3_600_000);
  expect((await domains.get(SHOP, HOST)).state).toBe("failed");
  expect(clock.now() - NOW).toBeGreaterThan(7 * DAY);
  expect(await domains.add(BLOG, { name: HOST, certificate: "none" }, "bob")).toMatchObject({ app: "blog", state: "pending-verification" });
  await prove(here, process, BLOG);
  expect((await domains.get(BLOG, HOST)).state).toBe("live");
  await clock.advance(30 * DAY);
  await expect(domains.add(SHOP, { name: HOST }, "ann")).rejects.toMatchObject({ code: "domain_taken" });
  expect(await domains.listAll({ visible: ["other"] })).toEqual([]);
  expect(await domains.listAll({ visible: undefined })).toMatchObject([{ app: "blog" }]);
});

test("what is in the way is told: nothing deployed, a cluster that has it for somebody else, no TLS port", async () => {
  const here = await domainWorld();
  const process = await here.begin({ tls: false });
  const { domains } = process;
  here.world.cluster.domains.foreign.add(HOST);
  await domains.add(SHOP, { name: HOST }, "ann");
  await prove(here, process);
  expect(await domains.get(SHOP, HOST)).toMatchObject({ state: "failed", problem: { code: "domain_claimed" } });
  here.world.cluster.domains.foreign.clear();
  await domains.patchSettings({ acmeTermsAgreed: true });
  expect(await domains.verify(SHOP, HOST)).toMatchObject({ state: "failed", problem: { code: "no_tls_port" } });
  await domains.add({ app: "shop", env: "prod" }, { name: "prod.shop.example", certificate: "none" }, "ann");
  await prove(here, process, { app: "shop", env: "prod" }, "prod.shop.example");
  expect(await domains.get({ app: "shop", env: "prod" }, "prod.shop.example")).toMatchObject({
    state: "verified",
    problem: { code: "not_deployed" },
  });
});

test("an uploaded certificate is served, then HTTP is redirected, and its key is told to nobody", async () => {
  const { process, mapping, world } = await verified();
  const { domains, db } = process;
  const authority = await testAuthority(NOW);
  const wrong = await authority.issue(["other.example"]);
  await expect(domains.upload(SHOP, HOST, wrong)).rejects.toMatchObject({ code: "invalid_certificate" });
  const given = await authority.issue([HOST]);
  const live = await domains.upload(SHOP, HOST, given);
  expect(live).toMatchObject({
    state: "live",
    certificateMode: "uploaded",
    certificate: { serving: true, source: "uploaded", renewsAt: null },
  });
  expect(live.url).toMatch(/^https:/);
  expect(mapping()?.spec.tls).toEqual({ secretName: domainSecretName(HOST) });
  expect(mapping()?.metadata.annotations).toEqual({ "networking.knative.dev/http-protocol": "Redirected" });
  await domains.patch(SHOP, HOST, { redirect: false });
  expect(mapping()?.metadata.annotations).toEqual({ "networking.knative.dev/http-protocol": "Enabled" });
  const key = given.key.split("\n")[1] ?? "";
  const stored = JSON.stringify([await db.selectFrom("domains").selectAll().execute(), await listAudit(db, { limit: 50 }), live]);
  expect(stored).not.toContain(key);
  expect(world.cluster.domains.certificates.get(domainSecretName(HOST))?.key).toContain(key);
  await domains.patch(SHOP, HOST, { certificate: "none" });
  expect(await domains.get(SHOP, HOST)).toMatchObject({ state: "live", certificate: null });
  expect(mapping()?.spec.tls).toBeUndefined();
});

test("a redirect waits until the certificate is served", async () => {
  const { process, mapping, world } = await verified();
  const given = await (await testAuthority(NOW)).issue([HOST]);
  // A gateway that is behind: it gives another certificate still.
  const { put } = world.cluster.domains;
  world.cluster.domains.put = async (wanted) => put.call(world.cluster.domains, { ...wanted, spec: { ref: wanted.spec.ref } });
  const waiting = await process.domains.upload(SHOP, HOST, given);
  expect(waiting).toMatchObject({ state: "certificate-pending", problem: { code: "not_served" }, certificate: { serving: false } });
  expect(mapping()?.metadata.annotations).toEqual({ "networking.knative.dev/http-protocol": "Enabled" });
  world.cluster.domains.put = put;
  await process.until(async () => (await process.domains.get(SHOP, HOST)).state === "live");
  expect(mapping()?.metadata.annotations).toEqual({ "networking.knative.dev/http-protocol": "Redirected" });
});

test("the end of a certificate that nothing renews is told 21, 7 and 1 days before, and when it has come, once each", async () => {
  const { process } = await verified();
  const { domains, clock, db } = process;
  await process.engine.stop();
  await domains.upload(SHOP, HOST, await (await testAuthority(NOW)).issue([HOST], { from: clock.now() }));
  const told: [number, string][] = [];
  const begun = clock.now();
  let seen = 0;
  await process.until(async () => {
    const rows = (await listAudit(db, { limit: 50 })).filter(({ action }) => /expir/.test(action));
    for (const { action } of rows.slice(0, rows.length - seen)) told.push([Math.round((clock.now() - begun) / DAY), action.slice(7)]);
    seen = rows.length;
    return clock.now() - begun > 92 * DAY;
  }, DAY / 2);
  expect(told).toEqual([
    [69, "certificate-expiring"],
    [83, "certificate-expiring"],
    [89, "certificate-expiring"],
    [90, "certificate-expired"],
  ]);
  expect(await domains.get(SHOP, HOST)).toMatchObject({
    state: "failed",
    problem: { code: "certificate_expired", message: expect.stringContaining("uploaded") },
  });
});

test("rules of the app and the page of a sleeping one hold for its domains, too, behind the proofs", async () => {
  const { process, world } = await verified();
  const routes = () => world.cluster.virtualServices.get(domainRulesName(HOST))?.spec.http?.map(({ name }) => name);
  expect(routes()).toEqual(["proof"]);
  const rules = [{ version: "v1", when: [{ on: "header" as const, name: "x", is: "present" as const }] }];
  await process.ended((await process.service.setTraffic(SHOP, { targets: [{ version: "v1", percent: 100 }], rules }, "ann")).id);
  expect(routes()).toEqual(["proof", "rule-1", "rest"]);
  await process.ended((await process.service.setTraffic(SHOP, { targets: [{ version: "v1", percent: 100 }], rules: [] }, "ann")).id);
  expect(routes()).toEqual(["proof"]);
});

test("it goes from the cluster when it is removed, and with its app", async () => {
  const { process, world } = await verified();
  const left = () => [
    world.cluster.domains.mappings.size,
    [...world.cluster.virtualServices.keys()].filter((name) => name.includes("domain")).length,
  ];
  expect(left()).toEqual([1, 1]);
  await process.domains.remove(SHOP, HOST);
  expect(left()).toEqual([0, 0]);
  await expect(process.domains.get(SHOP, HOST)).rejects.toMatchObject({ code: "domain_not_found" });
  await process.domains.add(SHOP, { name: HOST, certificate: "none" }, "ann");
  await process.ended((await process.service.deleteApp("shop", "ann")).id);
  expect(left()).toEqual([0, 0]);
  expect(await process.domains.listAll({ visible: undefined })).toEqual([]);
});
