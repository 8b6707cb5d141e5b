import type { X509Certificate } from "node:crypto";
import { Agent, request } from "node:https";
import { connect } from "node:tls";
import { makeCertificate } from "@ebb/apiserver";
import { systemClock, systemRandom } from "@ebb/base";
import {
  deploy,
  eventually,
  freePorts,
  hasPebble,
  httpRequest,
  inTest,
  nodeApp,
  startDnsZone,
  startEbb,
  startPebble,
  type DnsZone,
  type EbbServer,
  type Pebble,
} from "@ebb/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const DOMAIN = "www.shop.example";

describe.skipIf(!hasPebble)("a domain of one's own", () => {
  let ebb: EbbServer;
  let dns: DnsZone;
  let pebble: Pebble;
  let tlsPort: number;

  beforeAll(async () => {
    [tlsPort = 0] = await freePorts(1);
    dns = await startDnsZone();
    ebb = await startEbb({ args: ["--no-containers", "--tls-port", `${tlsPort}`] });
    const tls = await makeCertificate(["127.0.0.1"], systemClock.now(), systemRandom);
    pebble = await startPebble({ tls, httpPort: ebb.gateway.port, dns: dns.address });
    await ebb.client.patchDomainSettings({
      acmeDirectory: pebble.directory,
      acmeCa: pebble.ca,
      acmeTermsAgreed: true,
      dnsServers: [dns.address],
      checkPort: ebb.gateway.port,
    });
  });
  afterAll(async () => {
    await ebb.dispose();
    await pebble.stop();
    await dns.close();
  });

  const place = inTest("shop");
  const state = async () => (await ebb.client.getDomain(place, DOMAIN)).state;

  test("is verified, gets a certificate, is served with it, redirects, and is renewed under load without a failed request", async () => {
    expect((await deploy(ebb.client, "shop", nodeApp())).failure).toBeNull();
    const added = await ebb.client.addDomain(place, { name: "WWW.Shop.Example." });
    expect(added).toMatchObject({ name: DOMAIN, state: "pending-verification", problem: { code: "not_verified" } });
    expect((await httpRequest(ebb.gateway, { host: DOMAIN })).status).toBe(404);

    const { record } = added.verification;
    dns.records.set(`TXT ${record.name}`, record.value);
    expect(await ebb.client.verifyDomain(place, DOMAIN)).toMatchObject({ verification: { by: "dns" } });
    await eventually(async () => (await ebb.client.getDomain(place, DOMAIN)).problem?.code === "not_reachable");
    expect((await httpRequest(ebb.gateway, { host: DOMAIN })).status).toBe(200);

    dns.records.set(`A ${DOMAIN}`, "127.0.0.1");
    await ebb.client.verifyDomain(place, DOMAIN);
    await eventually(async () => (await state()) === "live", 30_000);
    const first = await shown(tlsPort);
    const live = await ebb.client.getDomain(place, DOMAIN);
    expect(live).toMatchObject({
      url: `https://${DOMAIN}:${tlsPort}`,
      problem: null,
      certificate: { serving: true, fingerprint: first.fingerprint256 },
    });
    expect(first.issuer).toContain("Pebble");
    expect(JSON.stringify(live)).not.toContain("PRIVATE KEY");
    expect((await secureGet(tlsPort)).status).toBe(200);
    await eventually(async () => (await httpRequest(ebb.gateway, { host: DOMAIN })).status === 301);

    const load = secureLoad(tlsPort);
    await ebb.client.renewDomain(place, DOMAIN);
    await eventually(async () => (await shown(tlsPort)).fingerprint256 !== first.fingerprint256, 30_000);
    await eventually(async () => (await ebb.client.getDomain(place, DOMAIN)).certificate?.serving, 30_000);
    const { succeeded, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(succeeded).toBeGreaterThan(10);
  });

  test("is another's no more than its own, and is gone when it is removed", async () => {
    expect((await deploy(ebb.client, "blog", nodeApp())).failure).toBeNull();
    const taken = ebb.client.addDomain(inTest("blog"), { name: DOMAIN });
    await expect(taken).rejects.toMatchObject({ problem: { code: "domain_taken", detail: expect.not.stringContaining("shop ") } });
    await ebb.client.removeDomain(place, DOMAIN);
    await eventually(async () => (await httpRequest(ebb.gateway, { host: DOMAIN })).status === 404);
    await eventually(async () => !(await shown(tlsPort)).subjectAltName?.includes(DOMAIN));
    expect(await ebb.client.listDomains(place)).toEqual([]);
  });
});

/** The certificate that the gateway gives. */
function shown(port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, servername: DOMAIN, rejectUnauthorized: false });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate) resolve(certificate);
      else reject(new Error("no certificate"));
    });
  });
}

function secureGet(port: number, agent: Agent | false = false): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, servername: DOMAIN, rejectUnauthorized: false, headers: { host: DOMAIN }, agent };
    const sent = request(options, (response) => {
      response.resume();
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0 }));
    });
    sent.once("error", reject);
    sent.end();
  });
}

/** Kept connections and fresh ones, until it is stopped. */
function secureLoad(port: number): { stop(): Promise<{ succeeded: number; failures: string[] }> } {
  const result = { succeeded: 0, failures: [] as string[] };
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  let running = true;
  const loop = async (using: Agent | false) => {
    while (running) {
      try {
        const { status } = await secureGet(port, using);
        if (status === 200) result.succeeded++;
        else result.failures.push(`${status}`);
      } catch (error) {
        result.failures.push(String(error));
      }
    }
  };
  const loops = [loop(agent), loop(agent), loop(false)];
  return {
    async stop() {
      running = false;
      await Promise.all(loops);
      agent.destroy();
      return result;
    },
  };
}
