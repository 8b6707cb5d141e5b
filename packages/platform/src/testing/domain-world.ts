import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSecureContext, createServer as createTlsServer } from "node:tls";
import { systemRandom } from "@ebb/base";
import { startDnsZone, type DnsZone } from "@ebb/testkit";
import { onTestFinished } from "vitest";
import type { Place } from "../apps/store.ts";
import { domainSecretName } from "../compile/domain.ts";
import { DomainKeeper } from "../domains/keeper.ts";
import { DomainsService } from "../service/domains.ts";
import { Places } from "../service/places.ts";
import { testAuthority } from "./certificates.ts";
import type { FakeCluster } from "./fake-cluster.ts";
import { createWorld, SHOP, startProcess, type Process, type World } from "./world.ts";

/** The gateway of a FakeCluster on real sockets: what its VirtualServices answer by themselves, and its certificates by name. */
async function startGateway(cluster: FakeCluster): Promise<{ port: number; tlsPort: number }> {
  const plain = createServer((request, response) => {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    const routes = [...cluster.virtualServices.values()]
      .filter(({ spec }) => spec.hosts?.includes(host))
      .flatMap(({ spec }) => spec.http ?? []);
    const route = routes.find(({ match }) => match?.some(({ uri }) => uri?.exact === request.url));
    response.statusCode = route?.directResponse?.status ?? 404;
    response.end(route?.directResponse?.body?.string ?? "");
  });
  const fallback = await testAuthority(Date.UTC(2026, 0, 1));
  const secure = createTlsServer({
    cert: fallback.certificate,
    key: fallback.key,
    SNICallback(name, done) {
      const { tls } = cluster.domains.mappings.get(name)?.spec ?? {};
      const secret = tls && cluster.domains.certificates.get(domainSecretName(name));
      done(null, secret && createSecureContext({ cert: secret.certificate, key: secret.key }));
    },
  });
  secure.on("secureConnection", (socket) => socket.on("error", () => undefined));
  const ports = [];
  for (const server of [plain, secure]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    ports.push((server.address() as AddressInfo).port);
  }
  const [port = 0, tlsPort = 0] = ports;
  return { port, tlsPort };
}

export interface DomainProcess extends Process {
  domains: DomainsService;
  keeper: DomainKeeper;
  /** Moves the clock and looks, until it is true. Far moves want the engine stopped first: it looks at its queue each second. */
  until: (probe: () => Promise<boolean>, step?: number) => Promise<void>;
}

export interface DomainWorld {
  world: World;
  dns: DnsZone;
  gateway: { port: number; tlsPort: number };
  /** The platform's parts anew, on the same disk and cluster; `tls: false`: the gateway has no port for it. */
  begin: (options?: { dieAfter?: number; tls?: boolean }) => Promise<DomainProcess>;
}

/** An app `shop` that is deployed, a gateway and a DNS server on loopback; the clock is in the test's hands. */
export async function domainWorld(now = Date.UTC(2026, 0, 1)): Promise<DomainWorld> {
  const world = await createWorld();
  world.now = now;
  const dns = await startDnsZone();
  onTestFinished(() => dns.close());
  const gateway = await startGateway(world.cluster);
  const begin: DomainWorld["begin"] = async ({ tls = true, ...options } = {}) => {
    const process = await startProcess(world, options);
    const ingress = { host: "127.0.0.1", port: gateway.port, ...(tls ? { tlsPort: gateway.tlsPort } : {}) };
    world.clusters.at = ingress;
    const deps = { ...process.deps, ingress };
    const random = { ...systemRandom, float: () => 0.5 };
    const keeper = new DomainKeeper({ ...deps, random }, { exclusive: true });
    const places = new Places({ deps, engine: process.engine, random });
    const domains = new DomainsService({ deps, places, keeper, random, reserved: { below: ["sls-fake.localhost"], exact: [] } });
    const until = async (probe: () => Promise<boolean>, step = 1000) => {
      for (let i = 0; i < 400; i++) {
        await keeper.tick();
        await keeper.idle();
        if (await probe()) return;
        await process.clock.advance(step);
      }
      throw new Error("it never came to that");
    };
    return { ...process, domains, keeper, until };
  };
  const first = await begin();
  for (const name of ["shop", "blog"]) await first.ended((await first.service.deployImage({ name, image: "ok-1" }, "ann")).id);
  await first.domains.patchSettings({ dnsServers: [dns.address], checkPort: gateway.port });
  await first.stop();
  return { world, dns, gateway, begin };
}

export const HOST = "www.shop.example";

/** Makes DNS say what the domain asks for, and lead here. */
export async function prove({ dns }: DomainWorld, { domains }: DomainProcess, place: Place = SHOP, host = HOST): Promise<void> {
  const { record } = (await domains.get(place, host)).verification;
  dns.records.set(`TXT ${record.name}`, record.value);
  dns.records.set(`A ${host}`, "127.0.0.1");
  await domains.verify(place, host);
}
