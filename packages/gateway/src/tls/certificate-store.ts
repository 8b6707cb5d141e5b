import { readFileSync, statSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";
import { causeChain, Signal, type Clock, type Logger, type Timer } from "@ebb/base";
import type { CertificateEntry } from "../route-table.ts";
import { CertificateIndex } from "./certificate-index.ts";
import { STRICT_TLS, type KeyPair } from "./strict-tls.ts";

/** How soon a renewed file is seen, milliseconds. */
const FILE_CHECK = 2_000;

interface Loaded {
  entry: CertificateEntry;
  pair: KeyPair;
  context: SecureContext;
  /** When its files were last written; "" for PEM. */
  version: string;
}

/**
 * The certificates in force. A connection keeps the one that it began with; the next gets the new one.
 *
 * Invariant: what cannot be used never replaces what can; no key is ever logged.
 */
export class CertificateStore {
  /** The certificate for clients that name no host has changed. */
  readonly defaultChanged = new Signal<KeyPair | undefined>();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #entries = new Map<string, CertificateEntry>();
  readonly #index = new CertificateIndex<Loaded>();
  #default: KeyPair | undefined;
  #timer: Timer | undefined;

  readonly #own: CertificateEntry | undefined;

  /** `own` is beside what the table says, and not part of it. */
  constructor({ clock, log, own }: { clock: Clock; log: Logger; own: CertificateEntry | undefined }) {
    this.#clock = clock;
    this.#log = log;
    this.#own = own;
  }

  start(): void {
    if (this.#own) this.put(this.#own);
  }

  get entries(): CertificateEntry[] {
    return [...this.#entries.values()].filter((entry) => entry !== this.#own);
  }

  get default(): KeyPair | undefined {
    return this.#default;
  }

  put(entry: CertificateEntry): void {
    this.#entries.set(entry.key, entry);
    this.#load(entry);
    if ("certificateFile" in entry.source) this.#timer ??= this.#clock.every(FILE_CHECK, () => this.#checkFiles());
    this.#watchDefault();
  }

  remove(key: string): void {
    this.#entries.delete(key);
    this.#index.remove(key);
    this.#watchDefault();
  }

  replaceAll(entries: readonly CertificateEntry[]): void {
    const kept = new Set(entries.map(({ key }) => key));
    for (const { key } of this.entries) if (!kept.has(key)) this.remove(key);
    for (const entry of entries) this.put(entry);
  }

  /** For a host that a client names, else the default; undefined when there is none. */
  contextFor(host: string): SecureContext | undefined {
    return this.#index.find(host.toLowerCase())?.context;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #load(entry: CertificateEntry): void {
    const { key, source, hosts } = entry;
    try {
      const version = versionOf(entry);
      const pair = pairOf(source);
      this.#index.put(key, hosts, { entry, pair, version, context: createSecureContext({ ...STRICT_TLS, ...pair }) });
      this.#log.info({ certificate: key, hosts }, "a certificate is in force");
    } catch (error) {
      this.#log.error({ certificate: key, hosts, reason: causeChain(error) }, "a certificate cannot be used; what was in force stays");
    }
  }

  #checkFiles(): void {
    for (const entry of this.#entries.values()) {
      if (!("certificateFile" in entry.source)) continue;
      try {
        if (versionOf(entry) !== this.#index.get(entry.key)?.version) this.#load(entry);
      } catch {
        // Between the removal of the old file and the arrival of the new one: the next look finds it.
      }
    }
    this.#watchDefault();
  }

  #watchDefault(): void {
    const pair = this.#index.default?.pair;
    if (pair === this.#default) return;
    this.#default = pair;
    this.defaultChanged.emit(pair);
  }
}

/** Read at once: two small files, at a start and when they change, and whoever comes in the same turn gets the new one. */
function pairOf(source: CertificateEntry["source"]): KeyPair {
  if (!("certificateFile" in source)) return { cert: source.certificate, key: source.privateKey };
  return { cert: readFileSync(source.certificateFile, "utf8"), key: readFileSync(source.privateKeyFile, "utf8") };
}

function versionOf({ source }: CertificateEntry): string {
  if (!("certificateFile" in source)) return "";
  return [source.certificateFile, source.privateKeyFile].map((path) => stamp(path)).join(" ");
}

function stamp(path: string): string {
  const { mtimeMs, size, ino } = statSync(path);
  return `${mtimeMs}/${size}/${ino}`;
}
