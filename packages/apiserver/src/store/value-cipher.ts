import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { UserError } from "@ebb/base";

/** What NIST SP 800-38D wants of GCM: 96 random bits, good for 2^32 values under one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const ID_DIGITS = 16;
/** JSON never begins so. */
const PREFIX = "enc:aesgcm:v1:";

/** Where a value is: what it was sealed for. A ciphertext that somebody copies to another row does not open there. */
export interface Place {
  resource: string;
  namespace: string;
  name: string;
  revision: number;
}

interface Key {
  /** Names it in what it has sealed; tells nothing of it. */
  id: string;
  key: Buffer;
}

/**
 * Seals the values of some resources on their way to the file, with AES-256-GCM, as kube-apiserver's EncryptionConfiguration does: the first key
 * seals, the others open what was sealed before. What is in the file as plain text opens as it is.
 */
export class ValueCipher {
  readonly #keys: ReadonlyMap<string, Key>;
  readonly #newest: Key;
  readonly #resources: ReadonlySet<string>;

  /** Keys of 32 bytes. */
  constructor(keys: readonly [Buffer, ...Buffer[]], resources: readonly string[] = ["secrets"]) {
    const named = keys.map((key): Key => ({ id: idOf(key), key }));
    this.#keys = new Map(named.map((key) => [key.id, key]));
    this.#newest = { id: idOf(keys[0]), key: keys[0] };
    this.#resources = new Set(resources);
  }

  seal(place: Place, value: string): string {
    if (!this.covers(place.resource)) return value;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#newest.key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(associated(place));
    const sealed = Buffer.concat([iv, cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `${PREFIX}${this.#newest.id}:${sealed.toString("base64")}`;
  }

  /** Throws UserError `store_key_unknown`, or `store_value_damaged` when a bit of it, or its place, is another one. */
  open(place: Place, value: string): string {
    if (!isSealed(value)) return value;
    const rest = value.slice(PREFIX.length);
    const colon = rest.indexOf(":");
    const key = this.#keys.get(rest.slice(0, colon));
    if (!key) throw unknownKey(rest.slice(0, colon));
    const bytes = Buffer.from(rest.slice(colon + 1), "base64");
    try {
      const decipher = createDecipheriv("aes-256-gcm", key.key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(associated(place));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
    } catch (cause) {
      const { resource, namespace, name } = place;
      throw new UserError("store_value_damaged", `The stored value of ${resource} ${namespace}/${name} was changed or is damaged`, {
        cause,
        hint: "Restore the data folder from a backup.",
      });
    }
  }

  /** Whether values of this resource are sealed. */
  covers(resource: string): boolean {
    return this.#resources.has(resource);
  }

  /** Whether a value of a resource that is covered is in the file as it would be written now. */
  isCurrent(value: string): boolean {
    return value.startsWith(`${PREFIX}${this.#newest.id}:`);
  }
}

export function isSealed(value: string): boolean {
  return value.startsWith(PREFIX);
}

export function unknownKey(id: string): UserError {
  return new UserError(
    "store_key_unknown",
    `The Secrets in the cluster's store are encrypted with a key that is not there (its id is ${id})`,
    {
      hint: "Give it in EBB_CLUSTER_KEY, after the newer one and a comma, or put the file cluster/secrets.key back from a backup.",
    },
  );
}

function idOf(key: Buffer): string {
  return createHash("sha256").update("ebb store key").update(key).digest("hex").slice(0, ID_DIGITS);
}

/** Unambiguous: `["a", "bc"]` is not `["ab", "c"]`. */
function associated({ resource, namespace, name, revision }: Place): Buffer {
  return Buffer.from(JSON.stringify([resource, namespace, name, revision]));
}
