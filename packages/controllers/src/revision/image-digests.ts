import type { Clock, Logger } from "@ebb/base";
import type { Container, DeploymentConfig, Revision } from "@ebb/kube";
import { within } from "../engine/within.ts";
import { isBundle } from "./workload.ts";

/** Asks the container engine; undefined when the image has no digest. */
export type ResolveDigest = (reference: string, options: { pull: boolean; workload: string }) => Promise<string | undefined>;

export interface ImageDigestsOptions {
  /** Absent where no images are run. */
  resolve: ResolveDigest | undefined;
  clock: Clock;
  log: Logger;
  /** One of these keys is known now. */
  resolved(key: string): void;
}

interface Known {
  uid: string;
  /** By the names of containers, those that run first among them. */
  digests: Map<string, string>;
  pending: boolean;
}

/**
 * Which images each new Revision means: their tags are resolved once, when the Revision is made, and all its instances run those digests, whatever
 * becomes of the tags. What cannot be resolved is run by its tag, and fails there in words of its own if it is not to be had. Nothing waits longer
 * than `digest-resolution-timeout`: an answer that comes later (the image is large) still holds for instances that start after it.
 */
export class ImageDigests {
  readonly #options: ImageDigestsOptions;
  readonly #known = new Map<string, Known>();

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
      void this.#find(key, revision, config);
      return { revision, pending: true };
    }
    return { revision: known.digests.size === 0 ? revision : withDigests(revision, known.digests), pending: known.pending };
  }

  forget(key: string): void {
    this.#known.delete(key);
  }

  async #find(key: string, revision: Revision, config: DeploymentConfig): Promise<void> {
    const { resolve, clock, log, resolved } = this.#options;
    const known = digestsIn(revision);
    const entry: Known = { uid: revision.metadata.uid ?? "", digests: new Map(), pending: true };
    this.#known.set(key, entry);
    const asked = Promise.all(
      containersOf(revision).map(async (container) => {
        if (!isByTag(container, config) || known.has(nameOf(container))) return;
        const digest = await resolve?.(container.image, { pull: container.imagePullPolicy === "Always", workload: key });
        if (digest === undefined) return;
        entry.digests.set(nameOf(container), digest);
        if (!entry.pending) resolved(key);
      }),
    );
    try {
      await within(clock, config.digestResolutionTimeout, "resolving the image's tag", asked);
    } catch (error) {
      asked.catch(() => undefined);
      log.info({ revision: key, error }, "the image's tag was not resolved to a digest; it is run by its tag");
    }
    entry.pending = false;
    resolved(key);
  }
}

const containersOf = ({ spec }: Revision): Container[] => [...(spec.initContainers ?? []), ...spec.containers];
const nameOf = ({ name = "user-container" }: Container) => name;

/** Those that are ready have run by what they have; a reference with a digest, a bundle and the registries left out need none. */
export function needsDigest(revision: Revision, config: DeploymentConfig): boolean {
  const known = digestsIn(revision);
  if (revision.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")) return false;
  return containersOf(revision).some((container) => !known.has(nameOf(container)) && isByTag(container, config));
}

/** What was found out in an earlier life of the control plane. */
function digestsIn({ status }: Revision): Map<string, string> {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return new Map(all.flatMap(({ name, imageDigest }) => (imageDigest ? [[name, imageDigest]] : [])));
}

function isByTag({ image }: Container, { registriesSkippingTagResolving }: DeploymentConfig): boolean {
  return Boolean(image) && !image.includes("@") && !isBundle(image) && !registriesSkippingTagResolving.has(registryOf(image));
}

/** As in go-containerregistry: what is before the first slash, if it looks like a host. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  return rest.length > 0 && (first.includes(".") || first.includes(":") || first === "localhost") ? first : "index.docker.io";
}

function withDigests(revision: Revision, found: ReadonlyMap<string, string>): Revision {
  const digests = new Map([...digestsIn(revision), ...found]);
  const statuses = (containers: readonly Container[] = []) =>
    containers.flatMap((container) => {
      const name = nameOf(container);
      const imageDigest = digests.get(name);
      return imageDigest === undefined ? [] : [{ name, imageDigest }];
    });
  const initContainerStatuses = statuses(revision.spec.initContainers);
  return {
    ...revision,
    status: {
      ...revision.status,
      containerStatuses: statuses(revision.spec.containers),
      ...(initContainerStatuses.length > 0 ? { initContainerStatuses } : {}),
    },
  };
}
