import type { GatewayServer, IstioGateway } from "./istio.ts";
import { hostProblems } from "./validate-text.ts";

const PROTOCOLS = ["HTTP", "HTTPS", "GRPC", "HTTP2", "MONGO", "TCP", "TLS", "HTTP_PROXY"];

/** What is wrong with a Gateway, in Istio's words (istio, pkg/config/validation). */
export function validateGateway({ metadata, spec }: Pick<IstioGateway, "metadata" | "spec">): string[] {
  const servers = spec.servers ?? [];
  const names = servers.map(({ port }) => port.name);
  return [
    ...(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(metadata.name) ? [] : [`invalid gateway name: ${JSON.stringify(metadata.name)}`]),
    ...(servers.length === 0 ? ["gateway must have at least one server"] : []),
    ...servers.flatMap(validateServer),
    ...names.filter((name, i) => names.indexOf(name) !== i).map((name) => `port names in servers must be unique: duplicate name ${name}`),
  ];
}

function validateServer({ hosts, port, tls }: GatewayServer): string[] {
  const protocol = port.protocol.toUpperCase();
  const secure = protocol === "HTTPS" || protocol === "TLS";
  const redirect = tls?.httpsRedirect === true;
  return [
    ...(hosts.length === 0 ? ["server config must contain at least one host"] : []),
    ...hosts.flatMap((host) => hostProblems(host.includes("/") ? host.slice(host.indexOf("/") + 1) : host)),
    ...(PROTOCOLS.includes(protocol)
      ? []
      : [`invalid protocol ${JSON.stringify(port.protocol)}, supported protocols are ${PROTOCOLS.join(", ")}`]),
    ...(port.name ? [] : [`port name must be set: ${JSON.stringify(port)}`]),
    ...(port.number < 1 || port.number > 65_535 ? [`port number ${port.number} must be in the range 1..65535`] : []),
    ...(secure && !tls ? [`server must have TLS settings for HTTPS/TLS protocols`] : []),
    ...(redirect && secure ? [`tls.httpsRedirect should only be used with http servers`] : []),
    ...(!secure && tls && !redirect ? ["server cannot have TLS settings for non HTTPS/TLS ports"] : []),
  ];
}
