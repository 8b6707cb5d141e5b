import type Docker from "dockerode";
import type { Clock } from "@ebb/base";
import { isGone, pullError, startError } from "./engine-errors.ts";
import { digestIn } from "./image-digest.ts";

/** A few gigabytes over a slow line; a registry that never answers ends here. */
const PULL_DEADLINE = 15 * 60_000;

/** The images that an engine has, and those that it gets. */
export class EngineImages {
  readonly #docker: Docker;
  readonly #clock: Clock;

  constructor(docker: Docker, clock: Clock) {
    this.#docker = docker;
    this.#clock = clock;
  }

  /** Pulls it unless it is there. Throws UserError ErrImagePull, InvalidImageName. */
  async ensure(reference: string, signal?: AbortSignal): Promise<void> {
    if (!(await this.inspect(reference))) await this.#pull(reference, signal);
  }

  async digestOf(reference: string, { pull }: { pull: boolean }): Promise<string | undefined> {
    let found = await this.inspect(reference);
    if (!found || pull) {
      await this.#pull(reference);
      found = await this.inspect(reference);
    }
    return digestIn(reference, found?.RepoDigests ?? []);
  }

  async inspect(reference: string): Promise<Docker.ImageInspectInfo | undefined> {
    try {
      return await this.#docker.getImage(reference).inspect();
    } catch (error) {
      if (isGone(error)) return undefined;
      throw startError(error, reference);
    }
  }

  async #pull(reference: string, signal?: AbortSignal): Promise<void> {
    const late = new AbortController();
    const timer = this.#clock.after(PULL_DEADLINE, () => late.abort());
    try {
      const stream = await this.#docker.pull(reference, { abortSignal: AbortSignal.any([late.signal, ...(signal ? [signal] : [])]) });
      await new Promise<void>((resolve, reject) =>
        this.#docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
      );
    } catch (error) {
      throw pullError(late.signal.aborted ? new Error(`not pulled within ${PULL_DEADLINE / 60_000} minutes`) : error, reference);
    } finally {
      timer.cancel();
    }
  }
}
