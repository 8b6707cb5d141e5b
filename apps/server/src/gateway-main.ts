/** The gateway process: the data plane, from its last routing table, whatever becomes of the others. */
import { Group, systemClock, systemRandom } from "@ebb/base";
import { AccessLogWriter, createDns, createGateway, type ListenerOptions } from "@ebb/gateway";
import { runChild } from "./child.ts";
import { heapCompaction } from "./compact-heap.ts";
import { applicationAddress, CLUSTER_HTTP_PORT, CLUSTER_TLS_PORT } from "./config.ts";
import { gatewayCertificate } from "./gateway-certificate.ts";

const DNS_PORT = 53;

await runChild(
  "gateway",
  async ({ config, paths, log }) => {
    const internal: ListenerOptions[] = [{ host: "127.0.0.1", port: config.internalPort, visibility: "internal", flag: "--internal-port" }];
    if (config.clusterAddress !== undefined) {
      const inside = { host: applicationAddress(config.clusterAddress), visibility: "internal", flag: "--cluster-address" } as const;
      internal.push(
        { ...inside, host: config.clusterAddress, port: CLUSTER_HTTP_PORT },
        { ...inside, port: CLUSTER_HTTP_PORT },
        { ...inside, port: CLUSTER_TLS_PORT, tls: true },
      );
    }
    const own = await gatewayCertificate(config, paths.gatewayTls);
    const secure = own
      ? [{ host: config.host, port: config.tlsPort ?? 0, visibility: "external" as const, tls: true, flag: "--tls-port" }]
      : [];
    const accessLog =
      config.accessLog === undefined
        ? undefined
        : new AccessLogWriter({ path: paths.accessLog, share: config.accessLog, clock: systemClock, random: systemRandom, log });
    const gateway = createGateway({
      listeners: [{ host: config.host, port: config.gatewayPort, visibility: "external" }, ...secure, ...internal],
      ...(own ? { ownCertificate: own } : {}),
      socketPath: paths.gatewaySocket,
      tablePath: paths.routeTable,
      clock: systemClock,
      random: systemRandom,
      log,
      traceSampling: config.traceSampling,
      workers: config.gatewayWorkers,
      ...(accessLog ? { accessLog: (entry) => accessLog.write(entry) } : {}),
    });
    const parts = [...(accessLog ? [accessLog] : []), gateway, heapCompaction({ clock: systemClock, compact: () => gateway.settle() })];
    if (config.clusterAddress === undefined) return new Group("gateway", parts);
    const dns = createDns({
      listen: { host: config.clusterAddress, port: DNS_PORT },
      clusterDomain: "cluster.local",
      api: config.clusterAddress,
      answer: applicationAddress(config.clusterAddress),
      clock: systemClock,
      log,
    });
    return new Group("gateway", [dns, ...parts]);
  },
  { outlives: true },
);
