import { randomBytes, randomUUID } from "node:crypto";

/** Randomness as a dependency, so that tests can replay a run from its seed. */
export interface Random {
  /** Uniform in [0, 1). Not for secrets. */
  float(): number;
  /** Uniform lower-case letters and digits from Kubernetes' name alphabet (no vowels, no 0 1 3), `length` of them. */
  suffix(length: number): string;
  /** Uniform lower-case hexadecimal digits; an even number of them. */
  hex(digits: number): string;
  /** RFC 9562 version 4. */
  uuid(): string;
  /** 256 bits in base64url, for bearer tokens. */
  token(): string;
}

/** k8s.io/apimachinery util/rand: no vowels, so that no word is spelled by chance. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

export const systemRandom: Random = {
  float: () => Math.random(),
  suffix(length) {
    let text = "";
    for (const byte of randomBytes(length)) text += ALPHABET[byte % ALPHABET.length];
    return text;
  },
  hex: (digits) => randomBytes(digits / 2).toString("hex"),
  uuid: () => randomUUID(),
  token: () => randomBytes(32).toString("base64url"),
};
