import { connect, type Socket } from "node:net";
import { systemCode, UserError, type Clock } from "@ebb/base";
import type { Address } from "../port.ts";

/** It is on this machine. */
const PATIENCE = 5000;

/** A TCP connection of which each side ends by itself. Throws UserError when nobody answers. */
export function connectTo({ host, port }: Address, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const fail = (why: string, cause?: Error) => {
      timer.cancel();
      socket.destroy();
      reject(new UserError("PortNotReachable", `nothing answers at port ${port} of the instance (${why})`, { cause }));
    };
    const timer = clock.after(PATIENCE, () => fail("timeout"));
    const refused = (error: Error) => fail(systemCode(error) ?? "failed", error);
    socket.once("error", refused);
    socket.once("connect", () => {
      timer.cancel();
      socket.off("error", refused);
      resolve(socket);
    });
  });
}
