import type Docker from "dockerode";
import type { Clock } from "@ebb/base";
import { isGone, pullError, startError } from "./engine-errors.ts";
import type { PullCredentials, RegistryCredential } from "../port.ts";
import { digestIn } from "./image-digest.ts";

/** A few gigabytes over a slow line; a registry that never answers ends here. */
const PULL_DEADLINE = 15 * 60_000;
/** More than a machine has; a bound, as references come from outside. */
const MOST_SEEN = 10_000;

/** The images that an engine has, and those that it gets. */
export class EngineImages {
  readonly #docker: Docker;
  readonly #clock: Clock;
  /** Seen there. A cold start does not ask again: it would be told 4 ms later on a quiet machine, and who removes an image is rare. */
  readonly #seen = new Set<string>();
  readonly #credentials: PullCredentials;

  constructor(docker: Docker, clock: Clock, credentials: PullCredentials = () => Promise.resolve([])) {
    this.#docker = docker;
    this.#clock = clock;
    this.#credentials = credentials;
  }

  /** Pulls it, with what the workload may pull with, unless it is there. Throws UserError ErrImagePull, InvalidImageName. */
  async ensure(reference: string, workload: string, signal?: AbortSignal): Promise<void> {
    if (this.#seen.has(reference)) return;
    if (!(await this.inspect(reference))) await this.#pull(reference, workload, signal);
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
    this.#seen.add(reference);
  }

  /** Makes something of an image. When it is gone, though it was there, it is pulled and this is tried once more. */
  async make<T>(reference: string, workload: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!isGone(error) || !this.#seen.delete(reference)) throw error;
      await this.ensure(reference, workload);
      return act();
    }
  }

  async digestOf(reference: string, { pull, workload }: { pull: boolean; workload: string }): Promise<string | undefined> {
    let found = await this.inspect(reference);
    if (!found || pull) {
      await this.#pull(reference, workload);
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

  /** With one after the other, as the kubelet does; as nobody where there are none. */
  async #pull(reference: string, workload: string, signal?: AbortSignal): Promise<void> {
    const known = await this.#credentials(workload, reference);
    let failure: unknown;
    for (const credential of known.length > 0 ? known : [undefined]) {
      try {
        return await this.#pullAs(credential, reference, signal);
      } catch (error) {
        if (signal?.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #pullAs(credential: RegistryCredential | undefined, reference: string, signal?: AbortSignal): Promise<void> {
    const late = new AbortController();
    const timer = this.#clock.after(PULL_DEADLINE, () => late.abort());
    try {
      const stream = await this.#docker.pull(reference, {
        abortSignal: AbortSignal.any([late.signal, ...(signal ? [signal] : [])]),
        ...(credential ? { authconfig: credential } : {}),
      });
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
