import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { User } from "../registry/request-context.ts";

export interface CertificateUser {
  user: User;
  /** Milliseconds since the epoch; a connection can outlive it. */
  until: number;
}

/** A connection shows its certificate once, so it is read once. */
const known = new WeakMap<Socket, CertificateUser | null>();

/**
 * The user that a connection's client certificate names: its common name, with its organisations as groups. Undefined without a
 * certificate, or with one that this cluster did not sign, that is over, or that is not for clients.
 */
export function certificateUser(socket: Socket, now: number): User | undefined {
  let found = known.get(socket);
  if (found === undefined) {
    found = socket instanceof TLSSocket ? read(socket) : null;
    known.set(socket, found);
  }
  return found && found.until > now ? found.user : undefined;
}

/** Whether the client showed a certificate at all. */
export function showsCertificate(socket: Socket): boolean {
  return socket instanceof TLSSocket && socket.getPeerX509Certificate() !== undefined;
}

function read(socket: TLSSocket): CertificateUser | null {
  if (!socket.authorized) return null;
  const { subject, valid_to } = socket.getPeerCertificate();
  const { CN, O = [] } = (subject ?? {}) as { CN?: string | string[]; O?: string | string[] };
  const name = Array.isArray(CN) ? CN[0] : CN;
  return name ? { user: { name, groups: [O].flat() }, until: Date.parse(valid_to) } : null;
}
