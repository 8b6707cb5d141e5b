import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import type { ContainerDriverOptions } from "./container-driver.ts";
import { findEngine, stopOwnEngine, type Engine } from "./engine.ts";

const BUSYBOX = "/bin/busybox";

/** An engine for tests, with an image of BusyBox; undefined where there is none. */
export async function busyboxEngine(): Promise<BusyboxEngine | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "ebb-container-"));
  const options = { clock: systemClock, log: silentLogger };
  const engine = existsSync(BUSYBOX) ? await findEngine({ ...options, ownSocket: join(folder, "podman.sock") }) : undefined;
  if (engine) return new BusyboxEngine(engine, folder);
  rmSync(folder, { recursive: true });
  return undefined;
}

export class BusyboxEngine {
  readonly engine: Engine;
  readonly image = `localhost/ebb-test-${systemRandom.suffix(6)}:latest`;
  /** Of a driver; the same each time. */
  readonly options: Pick<ContainerDriverOptions, "owner" | "identities" | "volumes">;
  readonly #folder: string;

  constructor(engine: Engine, folder: string) {
    this.engine = engine;
    this.#folder = folder;
    const owner = `test-${systemRandom.suffix(6)}`;
    const volumes = { disk: join(folder, "volumes"), memory: `/dev/shm/ebb-${owner}`, claims: join(folder, "claims") };
    this.options = { owner, identities: join(folder, "identities"), volumes };
  }

  build(): void {
    const path = this.#folder;
    copyFileSync(BUSYBOX, join(path, "busybox"));
    writeFileSync(
      join(path, "Dockerfile"),
      `FROM scratch\nCOPY busybox /bin/busybox\nENV PATH=/bin\nRUN ["/bin/busybox", "--install", "/bin"]\nRUN ["/bin/mkdir", "/tmp"]\n`,
    );
    execFileSync("podman", ["build", "-q", "-t", this.image, path], { stdio: "ignore" });
  }

  close(): void {
    execFileSync("podman", ["image", "rm", "--force", this.image], { stdio: "ignore" });
    stopOwnEngine(this.engine.socketPath);
    if (this.engine.servicePid !== undefined) process.kill(this.engine.servicePid);
    for (const path of [this.#folder, this.options.volumes.memory]) rmSync(path, { recursive: true, force: true });
  }
}
