import type { Clock, Logger } from "@ebb/base";
import type { DeploymentConfig, Revision } from "@ebb/kube";
import { within } from "../engine/within.ts";
import { isBundle, servingContainer } from "./workload.ts";

/** Asks the container engine; undefined when the image has no digest. */
export type ResolveDigest = (reference: string, options: { pull: boolean }) => Promise<string | undefined>;

export interface ImageDigestsOptions {
  /** Absent where no images are run. */
  resolve: ResolveDigest | undefined;
  clock: Clock;
  log: Logger;
  /** One of these keys is known now. */
  resolved(key: string): void;
}

/**
 * Which image each new Revision means: its tag is resolved once, when the Revision is made, and all its instances run that digest, whatever
 * becomes of the tag. What cannot be resolved is run by its tag, and fails there in words of its own if it is not to be had. Nothing waits longer
 * than `digest-resolution-timeout`: an answer that comes later (the image is large) still holds for instances that start after it.
 */
export class ImageDigests {
  readonly #options: ImageDigestsOptions;
  readonly #known = new Map<string, { uid: string; digest?: string; pending: boolean }>();

  constructor(options: ImageDigestsOptions) {
    this.#options = options;
  }

  /** The Revision with the digest in its status if it is known; `pending` while it is being found out. */
  of(key: string, revision: Revision, config: DeploymentConfig): { revision: Revision; pending: boolean } {
    if (!needsDigest(revision, config) || !this.#options.resolve) {
      this.#known.delete(key);
      return { revision, pending: false };
    }
    const { uid = "" } = revision.metadata;
    const known = this.#known.get(key);
    if (known?.uid !== uid) {
      void this.#find(key, revision, config.digestResolutionTimeout);
      return { revision, pending: true };
    }
    return { revision: known.digest === undefined ? revision : withDigest(revision, known.digest), pending: known.pending };
  }

  forget(key: string): void {
    this.#known.delete(key);
  }

  async #find(key: string, revision: Revision, timeout: number): Promise<void> {
    const { resolve, clock, log, resolved } = this.#options;
    const entry: { uid: string; digest?: string; pending: boolean } = { uid: revision.metadata.uid ?? "", pending: true };
    this.#known.set(key, entry);
    const container = servingContainer(revision);
    const asked = Promise.resolve(resolve?.(container?.image ?? "", { pull: container?.imagePullPolicy === "Always" })).then((digest) => {
      if (digest === undefined) return;
      entry.digest = digest;
      if (!entry.pending) resolved(key);
    });
    try {
      await within(clock, timeout, "resolving the image's tag", asked);
    } catch (error) {
      asked.catch(() => undefined);
      log.info({ revision: key, error }, "the image's tag was not resolved to a digest; it is run by its tag");
    }
    entry.pending = false;
    resolved(key);
  }
}

/** Those that are ready have run by what they have; a reference with a digest, a bundle and the registries left out need none. */
export function needsDigest(revision: Revision, { registriesSkippingTagResolving }: DeploymentConfig): boolean {
  const container = servingContainer(revision);
  if (!container?.image || container.image.includes("@") || isBundle(container.image)) return false;
  if (revision.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")) return false;
  if (revision.status?.containerStatuses?.some(({ name, imageDigest }) => name === container.name && imageDigest)) return false;
  return !registriesSkippingTagResolving.has(registryOf(container.image));
}

/** As in go-containerregistry: what is before the first slash, if it looks like a host. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  return rest.length > 0 && (first.includes(".") || first.includes(":") || first === "localhost") ? first : "index.docker.io";
}

function withDigest(revision: Revision, imageDigest: string): Revision {
  const name = servingContainer(revision)?.name ?? "user-container";
  return { ...revision, status: { ...revision.status, containerStatuses: [{ name, imageDigest }] } };
}
