import { existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { BugError, TransientError, UserError } from "@ebb/base";
import { asksForAddress } from "../instance-values.ts";
import { writeIdentity } from "../identity-files.ts";
import { allMounts, groupOf } from "../pods/parts.ts";
import type { InstanceFiles, InstanceSpec } from "../port.ts";
import { InstanceVolumes } from "../volumes/instance-volumes.ts";
import type { ContainerDriverOptions } from "./container-driver.ts";
import { containerName, containerOptions, sandboxOptions, type ContainerContext } from "./container-options.ts";
import { isLimitRefusal, nothingIfGone, startError } from "./engine-errors.ts";
import type { EngineImages } from "./images.ts";
import { ensureNetwork, insideAddress, LOOPBACK } from "./network.ts";
import type { ReadyNetworks } from "./ready-networks.ts";
import { rootRefusal } from "./root-refusal.ts";
import { seccompProfile } from "./seccomp.ts";
import { sandboxName, type Sandboxes } from "./sandbox.ts";

const DEFAULT_LOG_BYTES = 8 * 1024 * 1024;

interface MakerParts {
  images: EngineImages;
  sandboxes: Sandboxes;
  networks: ReadyNetworks;
}

/** Makes the containers of instances, with the folders that are mounted into them, and removes both. */
export class ContainerMaker {
  readonly #options: ContainerDriverOptions;
  readonly #docker: Docker;
  readonly #images: EngineImages;
  readonly #sandboxes: Sandboxes;
  readonly #networks: ReadyNetworks;
  #network: Promise<string | undefined> | undefined;
  #seccomp: Promise<string | undefined> | undefined;
  /** Found out by trying, once. */
  #ulimits = false;

  constructor(options: ContainerDriverOptions, { images, sandboxes, networks }: MakerParts) {
    this.#options = options;
    this.#docker = options.engine.docker;
    this.#images = images;
    this.#sandboxes = sandboxes;
    this.#networks = networks;
  }

  /** The container of one that has ended is there, unless the network that it was in is not. */
  async make(spec: InstanceSpec, there: boolean): Promise<Docker.Container> {
    const group = groupOf(spec)?.group;
    const sandbox =
      group === undefined ? "there" : await this.#sandboxes.ensure(group, sandboxOptions(spec, group, await this.#context(spec)));
    const asNew = sandbox === "new" || (sandbox === "again" && asksForAddress(spec)) || (there && !(await this.#networkLasts(spec.id)));
    if (there && !asNew) return this.#docker.getContainer(containerName(spec.id));
    if (there) await this.remove(spec.id);
    if (group === undefined) this.#networks.take(spec.id);
    return this.create(spec);
  }

  /** Of one that is in a network made ahead, which is given up if it is not there any more. */
  async #networkLasts(id: string): Promise<boolean> {
    const network = this.#networks.of(id);
    if (!network || (await this.#networks.lasts(network))) return true;
    await this.#networks.release(id);
    return false;
  }

  async create(spec: InstanceSpec): Promise<Docker.Container> {
    if (spec.security?.nonRoot) await this.#refuseRoot(spec);
    const options = containerOptions(spec, { ...(await this.#context(spec)), address: await this.#addressOf(spec) });
    return this.#images.make(imageOf(spec), spec.workload, () => this.#docker.createContainer(options));
  }

  /**
   * Acts on it; where this machine refuses the engine's default limits, it is made again with smaller ones, and so are all after it. One that cannot be
   * had in a network made ahead is made again in one of the engine's.
   */
  async withLimits(spec: InstanceSpec, container: Docker.Container, act: (made: Docker.Container) => Promise<unknown>): Promise<void> {
    try {
      await act(container);
    } catch (error) {
      const overLimits = isLimitRefusal(error);
      if (overLimits) this.#useUlimits(error);
      else if (!this.#networks.of(spec.id) || !(startError(error, imageOf(spec)) instanceof TransientError)) throw error;
      await this.remove(spec.id);
      if (!overLimits) await this.#networks.release(spec.id);
      await act(await this.create(spec));
      if (!overLimits) this.#networks.refuse(error);
    }
  }

  #useUlimits(error: unknown): void {
    // Another that was made before that was known may have been refused first.
    if (!this.#ulimits) this.#options.log.info({ error }, "the engine's default limits are above this machine's: smaller ones from now on");
    this.#ulimits = true;
  }

  /** Before its container is made: all that is mounted into it. */
  prepareFiles(spec: InstanceSpec, files: InstanceFiles): void {
    this.#writeIdentity(spec.id, files);
    this.volumesOf(spec).prepare(spec.volumes ?? [], allMounts(spec), files.volumes);
  }

  /** Of one whose container is there: what is given. */
  renewFiles(spec: InstanceSpec, files: InstanceFiles): void {
    this.#writeIdentity(spec.id, files);
    if (files.volumes) this.volumesOf(spec).renew(spec.volumes ?? [], files.volumes);
  }

  #writeIdentity(id: string, { identity }: InstanceFiles): void {
    if (!identity) return;
    mkdirSync(this.#options.identities, { recursive: true, mode: 0o700 });
    // Whatever user its program becomes can read it; nobody else comes this far.
    writeIdentity(this.#identityOf(id), identity, { mode: 0o755 });
  }

  /** Those of its group, if it is in one. */
  volumesOf(spec: Pick<InstanceSpec, "id" | "memberOf">): InstanceVolumes {
    return new InstanceVolumes(this.#options.volumes, spec.memberOf?.group ?? spec.id);
  }

  /** With what only it had. */
  async discard(id: string): Promise<void> {
    await Promise.all([this.remove(id), this.#networks.release(id)]);
    await rm(this.#identityOf(id), { recursive: true, force: true });
    // Parts have none of their own; those of their instance go with it, which is forgotten last.
    await this.volumesOf({ id }).remove();
  }

  async remove(id: string): Promise<void> {
    await this.#docker.getContainer(containerName(id)).remove({ force: true, v: true }).catch(nothingIfGone);
  }

  /** The bridge on which containers are; undefined for the engine's own. */
  network(): Promise<string | undefined> {
    this.#network ??= ensureNetwork(this.#options.engine).catch((error: unknown) => {
      this.#network = undefined;
      throw error;
    });
    return this.#network;
  }

  async #context(spec: InstanceSpec): Promise<ContainerContext> {
    const { engine, owner, dns, maxLogBytes = DEFAULT_LOG_BYTES } = this.#options;
    const folder = this.#identityOf(spec.id);
    const identity = existsSync(folder) ? folder : undefined;
    const { volumes = [], mounts = [] } = spec;
    const group = groupOf(spec)?.group;
    return {
      engine,
      owner,
      dns,
      seccomp: await this.#profile(),
      maxLogBytes,
      identity,
      network: await this.network(),
      ready: this.#networks.of(spec.id),
      ulimits: this.#ulimits,
      ...(group === undefined ? {} : { sandbox: sandboxName(group) }),
      mounts: this.volumesOf(spec).mounts(volumes, mounts, allMounts(spec)),
    };
  }

  /** Of one that must be told before it starts: that of its group's network, which is there by then. */
  async #addressOf(spec: InstanceSpec): Promise<string | undefined> {
    const group = asksForAddress(spec) ? groupOf(spec)?.group : undefined;
    if (group === undefined) return undefined;
    return this.#options.engine.rootless ? LOOPBACK : insideAddress(await this.#sandboxes.inspect(group));
  }

  #identityOf(id: string): string {
    return join(this.#options.identities, id);
  }

  #profile(): Promise<string | undefined> {
    const { engine, identities, log } = this.#options;
    this.#seccomp ??= seccompProfile(engine, identities).catch((error: unknown) => {
      log.info({ error }, "the engine's profile of system calls cannot be read: containers have it as it is");
      return undefined;
    });
    return this.#seccomp;
  }

  /** As the kubelet checks `runAsNonRoot`, in its words. */
  async #refuseRoot({ artifact, security }: InstanceSpec): Promise<void> {
    const image = artifact.kind === "image" ? await this.#images.inspect(artifact.reference) : undefined;
    const refusal = rootRefusal(security?.user, image?.Config?.User ?? "");
    if (refusal !== undefined) throw new UserError("CreateContainerConfigError", refusal);
  }
}

export function imageOf(spec: InstanceSpec): string {
  if (spec.artifact.kind === "image") return spec.artifact.reference;
  throw new BugError("not_an_image", `${spec.id} is a bundle, which the container driver does not run`);
}
