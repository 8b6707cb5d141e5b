import { isDeepStrictEqual } from "node:util";
import type { Clock, Logger } from "@ebb/base";
import type { CertificateEntry } from "@ebb/gateway";
import { within } from "../engine/within.ts";
import type { GatewayPort } from "../ports.ts";

const PATIENCE = 5000;

/** The certificates that the gateway has been given, by who holds their hosts. */
export class GatewayCertificates {
  readonly #gateway: Pick<GatewayPort, "putCertificate" | "removeCertificate">;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #held = new Map<string, readonly CertificateEntry[]>();

  constructor(options: { gateway: Pick<GatewayPort, "putCertificate" | "removeCertificate">; clock: Clock; log: Logger }) {
    this.#gateway = options.gateway;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** These and no others from now on: one that can be used no more is taken back. Resolves when the gateway has heard; the client repeats what it has not. */
  async set(holder: string, entries: readonly CertificateEntry[]): Promise<void> {
    const before = this.#held.get(holder) ?? [];
    if (entries.length > 0) this.#held.set(holder, entries);
    else this.#held.delete(holder);
    const gone = before.filter(({ key }) => !entries.some((entry) => entry.key === key) && !this.#isHeld(key));
    const changed = entries.filter((entry) => !before.some((other) => isDeepStrictEqual(other, entry)));
    const told = [
      ...gone.map(({ key }) => this.#gateway.removeCertificate(key)),
      ...changed.map((entry) => this.#gateway.putCertificate(entry)),
    ];
    if (told.length === 0) return;
    await within(this.#clock, PATIENCE, "the gateway", Promise.all(told)).catch((error: unknown) =>
      this.#log.warn({ holder, error }, "the gateway did not take a certificate"),
    );
  }

  /** One may be for the hosts of several. */
  #isHeld(key: string): boolean {
    return [...this.#held.values()].some((entries) => entries.some((entry) => entry.key === key));
  }
}
