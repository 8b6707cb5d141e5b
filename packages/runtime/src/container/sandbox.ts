import { Readable } from "node:stream";
import type Docker from "dockerode";
import { TransientError, UserError } from "@ebb/base";
import { nothingIfGone } from "./engine-errors.ts";
import { pauseProgram } from "./pause-program.ts";
import { tarOf } from "./tar.ts";

const IMAGE = { repo: "localhost/ebb-pause", tag: "2" };
const REFERENCE = `${IMAGE.repo}:${IMAGE.tag}`;
/** Of a sandbox: the group that it is for. */
export const GROUP_LABEL = "dev.ebb.group";

export type SandboxOptions = Pick<Docker.ContainerCreateOptions, "Labels" | "HostConfig" | "ExposedPorts" | "Hostname">;

export function sandboxName(group: string): string {
  return `ebb-${group}.sandbox`;
}

/** The containers that hold the networks of groups: each is there from before the first member of its group until after the last. */
export class Sandboxes {
  readonly #docker: Docker;
  #image: Promise<void> | undefined;

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  /**
   * Makes and starts it unless it runs. `new` when it was made: containers that were in the network of another must be made again, too; `again` when
   * it had ended: it may have another address.
   */
  async ensure(group: string, options: SandboxOptions): Promise<"new" | "again" | "there"> {
    const container = this.#docker.getContainer(sandboxName(group));
    const state = await container.inspect().catch(nothingIfGone);
    if (state?.State.Running) return "there";
    if (state) {
      await container.start();
      return "again";
    }
    await this.#ensureImage();
    const made = await this.#docker.createContainer({ ...options, name: sandboxName(group), Image: REFERENCE, Entrypoint: ["/pause"] });
    await made.start();
    return "new";
  }

  async runs(group: string): Promise<boolean> {
    return (await this.inspect(group).catch(nothingIfGone))?.State.Running === true;
  }

  inspect(group: string): Promise<Docker.ContainerInspectInfo> {
    return this.#docker.getContainer(sandboxName(group)).inspect();
  }

  /** Ends it, and keeps it: engines remove none whose network a container is in, be it one that has ended. */
  async close(group: string): Promise<void> {
    // The first process of a container heeds no signal that it has no handler for, but this one.
    if (await this.runs(group)) await this.#docker.getContainer(sandboxName(group)).kill().catch(nothingIfGone);
  }

  async remove(group: string): Promise<void> {
    await this.#docker.getContainer(sandboxName(group)).remove({ force: true, v: true }).catch(nothingIfGone);
  }

  #ensureImage(): Promise<void> {
    this.#image ??= this.#import().catch((error: unknown) => {
      this.#image = undefined;
      throw error;
    });
    return this.#image;
  }

  async #import(): Promise<void> {
    if (await this.#docker.getImage(REFERENCE).inspect().catch(nothingIfGone)) return;
    const program = pauseProgram(process.arch);
    if (!program)
      throw new UserError("MultiContainerNotSupported", `several containers in a Pod are not supported on ${process.arch}`, {
        hint: "Merge them into one.",
      });
    const archive = Readable.from([tarOf({ name: "pause", mode: 0o755, content: program })]);
    const answer = await this.#docker.importImage(archive, IMAGE);
    const told = await new Promise<{ id?: string; status?: string }[]>((resolve, reject) =>
      this.#docker.modem.followProgress(answer, (error: Error | null, output: { id?: string; status?: string }[]) =>
        error ? reject(error) : resolve(output),
      ),
    );
    // Podman names no image that it imports; Docker does.
    const id = told.map(({ id: given, status }) => given ?? status ?? "").find((text) => /^(sha256:)?[0-9a-f]{64}$/.test(text));
    if (id === undefined) throw new TransientError("EngineError", "the container engine did not say what it imported");
    await this.#docker.getImage(id).tag(IMAGE);
  }
}
