import { argon2, timingSafeEqual, randomBytes } from "node:crypto";
import { refuse } from "../errors.ts";

/** OWASP's second choice for Argon2id: 19 MiB, two passes; about 50 ms here. Stored beside each hash, so that it can grow. */
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const TAG_LENGTH = 32;
const SALT_LENGTH = 16;
const SHORTEST = 10;
/** Hashes at once: each takes 19 MiB and a core. */
const CONCURRENCY = 2;
/** Waiting for their turn; more than five seconds' worth are told to come back. */
const MOST_WAITING = 100;

/** The passwords that are tried first, with the rules of length above left out: none of these is ever taken. */
const COMMON = ["password", "passw0rd", "qwertyuiop", "1234567890", "letmein", "administrator", "iloveyou", "changeme", "welcome"];

/** Throws `weak_password`, which says what to change. Length and guessability, as NIST SP 800-63B asks; no rules on kinds of characters. */
export function checkPassword(password: string, name: string): void {
  const weak = (message: string) => refuse("weak_password", message, { hint: "Take a sentence, or let a password manager make one." });
  if (password.length < SHORTEST) throw weak(`A password has at least ${SHORTEST} characters`);
  const plain = password.toLowerCase();
  if (new Set(plain).size < 5) throw weak("This password repeats itself");
  if (plain.includes(name.toLowerCase()) && plain.length < name.length + SHORTEST) throw weak("This password is the name with a bit more");
  // `password2026!` is as easy to guess as `password`.
  if (COMMON.some((common) => plain.includes(common) && plain.length < common.length + 6))
    throw weak("This password is among the first to be tried");
}

/** Argon2id in the usual text form (PHC string). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_LENGTH);
  const tag = await derive(password, salt, PARAMETERS);
  const { memory, passes, parallelism } = PARAMETERS;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** Constant time in what is compared; a stored text that is none of ours fits nothing. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(stored);
  if (!match) return false;
  const [, memory, passes, parallelism, salt = "", tag = ""] = match;
  const wanted = Buffer.from(tag, "base64");
  const parameters = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const found = await derive(password, Buffer.from(salt, "base64"), parameters);
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

/** Takes as long as a wrong password does: whether a name exists cannot be told from the time that a refusal takes. */
export async function pretendToVerify(password: string): Promise<void> {
  await derive(password, Buffer.alloc(SALT_LENGTH), PARAMETERS);
}

const base64 = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");

let running = 0;
const waiting: (() => void)[] = [];

async function derive(
  password: string,
  nonce: Buffer,
  parameters: { memory: number; passes: number; parallelism: number },
): Promise<Buffer> {
  if (waiting.length >= MOST_WAITING)
    throw refuse("too_many_failures", "Too many people sign in at this moment; try again in a few seconds");
  if (running >= CONCURRENCY) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await new Promise<Buffer>((resolve, reject) =>
      // NFKC: the same password typed on another keyboard has the same bytes.
      argon2("argon2id", { message: password.normalize("NFKC"), nonce, tagLength: TAG_LENGTH, ...parameters }, (error, tag) =>
        error ? reject(error) : resolve(tag),
      ),
    );
  } finally {
    // The place is handed on to who waits, or given back.
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
