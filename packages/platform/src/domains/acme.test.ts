import { systemClock } from "@ebb/base";
import { hasPebble, startPebble, type Pebble } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { listAudit } from "../audit/store.ts";
import { domainSecretName } from "../compile/domain.ts";
import { serverCertificate } from "../testing/certificates.ts";
import { domainWorld, HOST, prove, type DomainProcess, type DomainWorld } from "../testing/domain-world.ts";
import { SHOP } from "../testing/world.ts";
import { DAY } from "./times.ts";

const LIFETIME = 90;

/** A world at the real time, which the server's certificates are of, with Pebble beside it. */
async function acmeWorld(): Promise<DomainWorld & { pebble: Pebble }> {
  const here = await domainWorld(systemClock.now());
  const tls = await serverCertificate("127.0.0.1", systemClock.now());
  const pebble = await startPebble({ tls, httpPort: here.gateway.port, dns: here.dns.address, lifetime: LIFETIME * 86_400 });
  onTestFinished(() => pebble.stop());
  const process = await here.begin();
  await process.domains.patchSettings({ acmeDirectory: pebble.directory, acmeCa: pebble.ca, acmeEmail: "ann@shop.example" });
  await process.stop();
  return { ...here, pebble };
}

const fingerprint = async ({ domains }: DomainProcess) => (await domains.get(SHOP, HOST)).certificate?.fingerprint;
const isLive = async ({ domains }: DomainProcess) => (await domains.get(SHOP, HOST)).state === "live";

describe.skipIf(!hasPebble)("certificates by ACME", () => {
  test("are asked for once the terms are agreed to and the domain leads here, and renewed after two thirds of their time", async () => {
    const here = await acmeWorld();
    const process = await here.begin();
    const { domains, clock, db } = process;
    await process.engine.stop();
    await domains.add(SHOP, { name: HOST }, "ann");
    await prove(here, process);
    expect(await domains.get(SHOP, HOST)).toMatchObject({
      state: "failed",
      problem: { code: "acme_not_agreed", hint: expect.stringContaining("--agree-terms") },
    });
    await domains.patchSettings({ acmeTermsAgreed: true });
    here.dns.records.delete(`A ${HOST}`);
    await process.until(async () => (await domains.get(SHOP, HOST)).problem?.code === "not_reachable", 60_000);
    expect((await domains.get(SHOP, HOST)).state).toBe("certificate-pending");
    expect(await db.selectFrom("acme_accounts").selectAll().execute()).toEqual([]);
    here.dns.records.set(`A ${HOST}`, "127.0.0.1");
    await process.until(() => isLive(process), 5000);
    const first = await domains.get(SHOP, HOST);
    expect(first).toMatchObject({
      problem: null,
      certificate: { source: "acme", serving: true, names: [HOST], issuer: expect.stringContaining("Pebble") },
    });

    await clock.advance(59 * DAY);
    await process.keeper.look(HOST);
    expect(await fingerprint(process)).toBe(first.certificate?.fingerprint);
    await process.until(async () => (await fingerprint(process)) !== first.certificate?.fingerprint, DAY / 4);
    expect(clock.now()).toBeLessThan(Date.parse(first.certificate?.notBefore ?? "") + 61 * DAY);
    expect(await domains.get(SHOP, HOST)).toMatchObject({ state: "live", problem: null });

    const rows = await listAudit(db, { limit: 50 });
    expect(rows.map(({ action }) => action)).toEqual(expect.arrayContaining(["domain.certificate-issued", "domain.certificate-renewed"]));
    const told = JSON.stringify([
      rows,
      first,
      await db.selectFrom("domains").selectAll().execute(),
      await db.selectFrom("acme_accounts").selectAll().execute(),
    ]);
    expect(told).not.toContain("PRIVATE KEY");
    const key = here.world.cluster.domains.certificates.get(domainSecretName(HOST))?.key ?? "";
    expect(key).toContain("PRIVATE KEY");
    expect(told).not.toContain(key.split("\n")[1] || "-");
  });

  test("that are refused are asked for ever less often, told with the server's words, and the old one goes on", async () => {
    const here = await acmeWorld();
    const process = await here.begin();
    const { domains, clock, db } = process;
    await process.engine.stop();
    await domains.patchSettings({ acmeTermsAgreed: true });
    await domains.add(SHOP, { name: HOST }, "ann");
    await prove(here, process);
    await process.until(() => isLive(process));
    await here.pebble.stop();
    await clock.advance(61 * DAY);
    const begun = clock.now();
    await process.until(async () => clock.now() - begun > DAY, 10 * 60_000);
    const renewing = await domains.get(SHOP, HOST);
    expect(renewing).toMatchObject({
      state: "live",
      problem: { code: "acme_unavailable", message: expect.stringContaining("ECONNREFUSED") },
    });
    const { attempts } = await db.selectFrom("domains").select("attempts").executeTakeFirstOrThrow();
    expect(attempts).toBeGreaterThan(4);
    expect(attempts).toBeLessThan(9);
    await process.until(async () => (await domains.get(SHOP, HOST)).problem?.code === "certificate_expiring", DAY / 2);
    expect((await domains.get(SHOP, HOST)).problem?.message).toMatch(/ends in 2\d days. Its renewal fails/);
    await process.until(async () => (await domains.get(SHOP, HOST)).state === "failed", DAY);
    const told = (await listAudit(db, { limit: 50 })).map(({ action, after }) => [action, (after as { days?: number } | null)?.days]);
    expect(told.filter(([action]) => String(action).includes("expir"))).toEqual([
      ["domain.certificate-expired", 0],
      ["domain.certificate-expiring", expect.any(Number)],
      ["domain.certificate-expiring", expect.any(Number)],
      ["domain.certificate-expiring", expect.any(Number)],
    ]);
  });

  test("come also when the platform is killed again and again on the way", async () => {
    const here = await acmeWorld();
    const first = await here.begin();
    await first.domains.patchSettings({ acmeTermsAgreed: true });
    await first.domains.add(SHOP, { name: HOST }, "ann");
    const { record } = (await first.domains.get(SHOP, HOST)).verification;
    here.dns.records.set(`TXT ${record.name}`, record.value);
    here.dns.records.set(`A ${HOST}`, "127.0.0.1");
    await first.stop();
    let deaths = 0;
    for (let dieAfter = 4; ; dieAfter += 3) {
      const process = await here.begin({ dieAfter });
      await process.keeper.start();
      await process.db.updateTable("domains").set({ look_at: 0 }).execute();
      const died = eventualDeath(process);
      const done = await Promise.race([process.until(() => isLive(process)).then(() => true), died]);
      deaths += done ? 0 : 1;
      await process.kill();
      if (done) break;
      expect(dieAfter).toBeLessThan(200);
    }
    expect(deaths).toBeGreaterThan(4);
    const last = await here.begin();
    expect(await last.domains.get(SHOP, HOST)).toMatchObject({ state: "live", problem: null, certificate: { serving: true } });
  });
});

/** Resolves when the process is dead. */
async function eventualDeath(process: DomainProcess): Promise<false> {
  while (!process.dead()) await new Promise((resolve) => setImmediate(resolve));
  return false;
}
