import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
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

  /** With nothing but BusyBox: it has no /tmp. Imported, as a build starts a container for each step. */
  build(): void {
    const root = join(this.#folder, "root");
    mkdirSync(join(root, "bin"), { recursive: true });
    copyFileSync(BUSYBOX, join(root, "bin/busybox"));
    for (const name of execFileSync(BUSYBOX, ["--list"], { encoding: "utf8" }).split("\n"))
      if (name && name !== "busybox") symlinkSync("busybox", join(root, "bin", name));
    const archive = join(this.#folder, "root.tar");
    execFileSync("tar", ["-C", root, "-cf", archive, "."]);
    execFileSync("podman", ["import", "--quiet", "--change", "ENV PATH=/bin", archive, this.image], { stdio: "ignore" });
  }

  close(): void {
    execFileSync("podman", ["image", "rm", "--force", this.image], { stdio: "ignore" });
    stopOwnEngine(this.engine.socketPath);
    if (this.engine.servicePid !== undefined) process.kill(this.engine.servicePid);
    for (const path of [this.#folder, this.options.volumes.memory]) rmSync(path, { recursive: true, force: true });
  }
}
