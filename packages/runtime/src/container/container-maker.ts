import { existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { isDeepStrictEqual } from "node:util";
import { BugError, TransientError, UserError } from "@ebb/base";
import { asksForAddress } from "../instance-values.ts";
import { writeIdentity } from "../identity-files.ts";
import { allMounts, groupOf } from "../pods/parts.ts";
import type { InstanceExit, InstanceFiles, InstanceSpec } from "../port.ts";
import { InstanceVolumes } from "../volumes/instance-volumes.ts";
import type { ContainerDriverOptions } from "./container-driver.ts";
import { containerName, containerOptions, sandboxOptions, type ContainerContext } from "./container-options.ts";
import { isGone, isLimitRefusal, nothingIfGone, startError } from "./engine-errors.ts";
import { ImagePrograms } from "./image-programs.ts";
import type { EngineImages } from "./images.ts";
import { MadeAhead } from "./made-ahead.ts";
import { ensureNetwork, insideAddress, LOOPBACK } from "./network.ts";
import type { NetworkLinks } from "./network-links.ts";
import type { ReadyNetworks } from "./ready-networks.ts";
import { rootRefusal } from "./root-refusal.ts";
import { seccompProfiles, type SeccompProfiles } from "./seccomp.ts";
import { sandboxName, type Sandboxes } from "./sandbox.ts";
import { TerminationMessages } from "./termination-messages.ts";
import { provideTmpByEngine } from "./tmp-folder.ts";

const DEFAULT_LOG_BYTES = 8 * 1024 * 1024;

interface MakerParts {
  images: EngineImages;
  sandboxes: Sandboxes;
  networks: ReadyNetworks;
  links: NetworkLinks;
}

/** Makes the containers of instances, with the folders that are mounted into them, and removes both. */
export class ContainerMaker {
  readonly #options: ContainerDriverOptions;
  readonly #docker: Docker;
  readonly #images: EngineImages;
  readonly #sandboxes: Sandboxes;
  readonly #networks: ReadyNetworks;
  readonly #links: NetworkLinks;
  readonly #messages: TerminationMessages;
  /** Those that are made ahead of their start. */
  readonly #ahead: MadeAhead<Docker.Container>;
  /** Those under way; none rejects. */
  readonly #discards = new Map<string, Promise<void>>();
  #network: Promise<string | undefined> | undefined;
  readonly #programs: ImagePrograms;
  #seccomp: Promise<SeccompProfiles> | undefined;
  /** Found out by trying, once. */
  #ulimits = false;

  constructor(options: ContainerDriverOptions, { images, sandboxes, networks, links }: MakerParts) {
    this.#options = options;
    this.#docker = options.engine.docker;
    this.#images = images;
    this.#programs = new ImagePrograms((reference) => images.inspect(reference), options.log);
    this.#sandboxes = sandboxes;
    this.#networks = networks;
    this.#links = links;
    this.#messages = new TerminationMessages({ memory: options.volumes.memory, disk: options.identities });
    this.#ahead = new MadeAhead({ look: (spec) => this.#programs.look(imageOf(spec)), make: (spec) => this.#makeAhead(spec) });
  }

  /** The container of one that has ended is there, unless the network that it was in is not. */
  async make(spec: InstanceSpec, there: boolean): Promise<Docker.Container> {
    const group = groupOf(spec)?.group;
    const sandbox =
      group === undefined ? "there" : await this.#sandboxes.ensure(group, sandboxOptions(spec, group, await this.#context(spec)));
    const asNew = sandbox === "new" || (sandbox === "again" && asksForAddress(spec)) || (there && !(await this.#networkLasts(spec.id)));
    if (there && !asNew) return this.#docker.getContainer(containerName(spec.id));
    if (there) await this.remove(spec.id);
    return (group === undefined && (await this.#takeForeseen(spec))) || this.create(spec);
  }

  /** Makes its container, as it will be if it is started in a network made ahead; without those nothing. What is mounted into it need not be there yet. */
  async foresee(spec: InstanceSpec): Promise<void> {
    // What a tag means may have changed by the time that it is started.
    if (groupOf(spec) !== undefined || !this.#networks.wanted || !imageOf(spec).includes("@")) return;
    await this.#ahead.make(spec);
  }

  foresees(id: string): boolean {
    return this.#ahead.has(id);
  }

  async #makeAhead(spec: InstanceSpec): Promise<Docker.Container> {
    // What is not there yet, the engine would make a folder of.
    this.#messages.prepare(spec.id);
    const context = await this.#context(spec);
    return this.#createOf(spec, { ...context, ready: this.#links.open(spec.id), identity: spec.identity && this.#identityOf(spec.id) });
  }

  /** With a network if there is one ready; without it, what was made ahead is of no use. */
  async #takeForeseen(spec: InstanceSpec): Promise<Docker.Container | undefined> {
    const ahead = this.#ahead.take(spec.id);
    const network = this.#networks.take(spec.id);
    if (!ahead) return undefined;
    const same = isDeepStrictEqual(ahead.spec, spec) && existsSync(this.#identityOf(spec.id)) === (spec.identity !== undefined);
    const made = await ahead.made;
    if (made === "nothing") return undefined;
    if (made !== "failed" && network && same) return made;
    await this.remove(spec.id);
    return undefined;
  }

  /** Of one that is in a network made ahead, which is given up if it is not there any more. */
  async #networkLasts(id: string): Promise<boolean> {
    const network = this.#networks.of(id);
    if (!network || (await this.#networks.lasts(network))) return true;
    await this.#networks.release(id);
    return false;
  }

  async create(spec: InstanceSpec): Promise<Docker.Container> {
    return this.#createOf(spec, { ...(await this.#context(spec)), address: await this.#addressOf(spec) });
  }

  async #createOf(spec: InstanceSpec, context: ContainerContext): Promise<Docker.Container> {
    if (spec.security?.nonRoot) await this.#refuseRoot(spec);
    const options = containerOptions(spec, context);
    const made = await this.#images.make(imageOf(spec), spec.workload, () => this.#docker.createContainer(options));
    const { name, rootless } = this.#options.engine;
    // An engine refuses to write into files that are to be read only.
    if ((name !== "podman" || rootless) && !spec.security?.readOnlyRoot) await provideTmpByEngine(made);
    return made;
  }

  /**
   * Acts on it; where this machine refuses the engine's default limits, it is made again with smaller ones, and so are all after it. One that cannot be
   * had in a network made ahead is made again in one of the engine's; one that is not there any more, as who clears up at the engine has removed it, as it was.
   */
  async withLimits(spec: InstanceSpec, container: Docker.Container, act: (made: Docker.Container) => Promise<unknown>): Promise<void> {
    try {
      await act(container);
    } catch (error) {
      const overLimits = isLimitRefusal(error);
      const byNetwork = !overLimits && !isGone(error);
      if (overLimits) this.#useUlimits(error);
      else if (byNetwork && (!this.#networks.of(spec.id) || !(startError(error, imageOf(spec)) instanceof TransientError))) throw error;
      await this.remove(spec.id);
      if (byNetwork) await this.#networks.release(spec.id);
      await act(await this.create(spec));
      if (byNetwork) this.#networks.refuse(error);
    }
  }

  #useUlimits(error: unknown): void {
    // Another that was made before that was known may have been refused first.
    if (!this.#ulimits) this.#options.log.info({ error }, "the engine's default limits are above this machine's: smaller ones from now on");
    this.#ulimits = true;
  }

  /** Before its container is made: all that is mounted into it. Waits until what an earlier one of its id had is gone, which would take this with it. */
  async prepareFiles(spec: InstanceSpec, files: InstanceFiles): Promise<void> {
    await this.#discards.get(spec.id);
    this.#writeIdentity(spec.id, files);
    this.#messages.prepare(spec.id);
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

  /** With what its program has said of it. */
  told(exit: InstanceExit): InstanceExit {
    const message = exit.message ?? this.#messages.read(exit.id);
    return message === undefined ? exit : { ...exit, message };
  }

  /** Those of its group, if it is in one. */
  volumesOf(spec: Pick<InstanceSpec, "id" | "memberOf">): InstanceVolumes {
    return new InstanceVolumes(this.#options.volumes, spec.memberOf?.group ?? spec.id);
  }

  /** With what only it had. */
  async discard(id: string): Promise<void> {
    const discard = Promise.all([this.#discards.get(id), this.#discard(id)]).then(() => undefined);
    const over = discard.catch(() => undefined);
    this.#discards.set(id, over);
    try {
      await discard;
    } finally {
      if (this.#discards.get(id) === over) this.#discards.delete(id);
    }
  }

  async #discard(id: string): Promise<void> {
    await this.#ahead.take(id)?.made;
    await Promise.all([this.remove(id), this.#networks.release(id)]);
    await rm(this.#identityOf(id), { recursive: true, force: true });
    this.#messages.remove(id);
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
      seccomp: await this.#profile(spec),
      maxLogBytes,
      identity,
      network: await this.network(),
      ready: this.#networks.of(spec.id) && this.#links.path(spec.id),
      ulimits: this.#ulimits,
      ...(group === undefined ? {} : { sandbox: sandboxName(group) }),
      mounts: this.volumesOf(spec).mounts(volumes, mounts, allMounts(spec)),
      message: this.#messages.path(spec.id),
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

  /** For the machine's own architecture where its programs are known to be of that: those of its image, which are all that it has but what it brings in itself. */
  async #profile({ artifact, volumes = [] }: InstanceSpec): Promise<string | undefined> {
    const { engine, identities, log } = this.#options;
    this.#seccomp ??= seccompProfiles(engine, identities).catch((error: unknown) => {
      log.info({ error }, "the engine's profile of system calls cannot be read: containers have it as it is");
      return {};
    });
    const { all, native } = await this.#seccomp;
    const isNative = artifact.kind === "image" && this.#programs.isNative(artifact.reference);
    return isNative && volumes.every(({ kind }) => kind !== "claim") ? (native ?? all) : all;
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
