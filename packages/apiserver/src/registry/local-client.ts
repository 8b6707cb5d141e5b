import {
  isStatus,
  jsonCopy,
  type DeleteOptions,
  type Kind,
  type KubeClient,
  type KubeList,
  type KubeObject,
  type ListOptions,
  type WatchEvent,
  type WatchOptions,
} from "@ebb/kube";
import { statusTakesMetadata } from "./prepare-update.ts";
import type { Registry } from "./registry.ts";
import type { RequestContext, User } from "./request-context.ts";

export type LocalClientOptions = Pick<RequestContext, "skipWebhooks" | "ownUids">;

/**
 * The API for parts of this process: the same admission and the same errors as over HTTP, without the wire. Fields that the schema does
 * not know are refused, as a typo of ours should not be dropped in silence; those that are undefined are as absent as on the wire. `registry` is asked for
 * at each call.
 */
export function createLocalClient(
  registry: () => Registry,
  user: User,
  { skipWebhooks = false, ownUids = false }: LocalClientOptions = {},
): KubeClient {
  const context: RequestContext = { user, fieldValidation: "Strict", skipWebhooks, ownUids };
  const targetOf = (kind: Kind, { metadata }: KubeObject) => ({ kind, namespace: metadata.namespace, name: metadata.name });
  return {
    async get<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string): Promise<T | undefined> {
      try {
        return registry().get({ kind, namespace, name }) as T;
      } catch (error) {
        if (isStatus(error, "NotFound")) return undefined;
        throw error;
      }
    },
    async list<T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}): Promise<KubeList<T>> {
      return registry().list(kind, options) as KubeList<T>;
    },
    async *watch<T extends KubeObject>(kind: Kind<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>, void> {
      yield* registry().watch(kind, options) as AsyncIterable<WatchEvent<T>>;
    },
    async create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
      return (await registry().create(kind, object.metadata.namespace, jsonCopy(object), context)) as T;
    },
    async update<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
      return (await registry().update(targetOf(kind, object), jsonCopy(object), context)) as T;
    },
    async updateStatus<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
      return (await registry().modify(targetOf(kind, object), (current) => withStatus(kind, current, object), context, "status")) as T;
    },
    async delete<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string, options: DeleteOptions = {}) {
      try {
        await registry().delete({ kind, namespace, name }, options, context);
      } catch (error) {
        if (!isStatus(error, "NotFound")) throw error;
      }
    },
  };
}

/**
 * All that counts of an object whose status is written. Where such a write may also change labels and the like, those stay as they are. Whose fields are
 * whose is not sent: it is no matter, and costs more than all the rest.
 */
function withStatus(target: Kind, current: KubeObject, { apiVersion, kind, metadata, status }: KubeObject): KubeObject {
  const { managedFields: _, ...whole } = current.metadata;
  const { name, namespace } = whole;
  const { uid = whole.uid, resourceVersion = whole.resourceVersion } = metadata;
  const kept = statusTakesMetadata(target) ? whole : { name, namespace };
  return jsonCopy({ apiVersion, kind, metadata: { ...kept, uid, resourceVersion }, status } as KubeObject);
}
