import { UserError } from "@ebb/base";
import type { Driver } from "../port.ts";

function noEngine(): Promise<never> {
  const hint = "Install Podman or Docker (on Debian: apt install podman runc iptables) and start Ebb again, or deploy from source.";
  return Promise.reject(new UserError("NoContainerEngine", "images need a container engine, and there is none on this machine", { hint }));
}

/** Stands in for the container driver where there is no engine: nothing runs, and starting says what to do. */
export const missingDriver: Driver = {
  name: "container",
  start: noEngine,
  exec: noEngine,
  openSession: noEngine,
  reach: noEngine,
  renewFiles: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  list: () => Promise.resolve([]),
  ended: () => Promise.resolve([]),
  async *logs() {
    // Nothing was ever started.
  },
  freeze: noEngine,
  thaw: noEngine,
  usage: () => undefined,
  diagnose: () => Promise.resolve(undefined),
  forget: () => Promise.resolve(),
  onExit: () => () => undefined,
  close: () => Promise.resolve(),
};
