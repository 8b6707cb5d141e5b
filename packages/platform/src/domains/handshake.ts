import { connect } from "node:tls";

const TIMEOUT = 5000;

/** The fingerprint (SHA-256) of the certificate that the gateway gives for a host; undefined when there is no handshake. */
export function servedFingerprint(gateway: { host: string; tlsPort: number }, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Who has signed it is not the question here: whether it is ours is.
    const socket = connect({ host: gateway.host, port: gateway.tlsPort, servername: host, rejectUnauthorized: false, timeout: TIMEOUT });
    const end = (fingerprint: string | undefined) => {
      socket.destroy();
      resolve(fingerprint);
    };
    socket.once("secureConnect", () => end(socket.getPeerX509Certificate()?.fingerprint256));
    socket.once("timeout", () => end(undefined));
    socket.once("error", () => end(undefined));
  });
}
