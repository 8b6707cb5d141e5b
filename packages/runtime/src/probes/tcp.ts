import { connect } from "node:net";
import type { Address } from "../port.ts";

/** Succeeds when a connection is accepted. */
export function probeTcp(address: Address, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port });
    const finish = (error?: unknown) => {
      signal.removeEventListener("abort", abort);
      // A reset leaves no TIME_WAIT behind: aggressive probing makes dozens of these.
      socket.resetAndDestroy();
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error("aborted"));
    };
    const abort = () => finish(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", finish);
    socket.once("connect", () => finish());
  });
}
