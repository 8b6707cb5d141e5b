import { backoffDelay, type BackoffPolicy } from "@ebb/base";
import type { CertificateFacts } from "./certificate.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Looking for a record costs a question to DNS: people wait for it at first, and then it takes hours. */
export const VERIFICATION: BackoffPolicy = { base: 5 * SECOND, factor: 1.5, max: 10 * MINUTE };
/** Four within the first hour: Let's Encrypt allows five failed validations of a host in an hour. */
export const ACME: BackoffPolicy = { base: MINUTE, factor: 4, max: 12 * HOUR };
/** No ACME server is asked. */
export const REACHABLE: BackoffPolicy = { base: 10 * SECOND, factor: 2, max: 15 * MINUTE };
/** Nobody is waiting for the cluster alone, but a person for its answer. */
export const CLUSTER: BackoffPolicy = { base: 500, factor: 1.6, max: 30 * SECOND };
/** So long an owner has time to prove it; somebody else may add it then. */
export const VERIFICATION_PATIENCE = 7 * DAY;
/** What is in order is looked at again, whatever has changed it. */
export const PERIOD = 10 * MINUTE;
/** Whoever asks for another attempt at the ACME server gets none sooner after the last. */
export const LEAST_BETWEEN = MINUTE;

/** Between 80 and 120 % of the policy's delay, so that many domains do not come back at once. `uniform`: in [0, 1). */
export function retryDelay(policy: BackoffPolicy, failures: number, uniform: number): number {
  return Math.round(backoffDelay(policy, failures) * (0.8 + 0.4 * uniform));
}

/** After two thirds of its time, as Let's Encrypt advises. */
export function renewalTime({ notBefore, notAfter }: Pick<CertificateFacts, "notBefore" | "notAfter">): number {
  return Math.round(notBefore + ((notAfter - notBefore) * 2) / 3);
}

/** Days before the end at which somebody is told; 0: it has ended. */
const ALERTS = [0, 1, 7, 21] as const;
export const NO_ALERT = 1000;

/** The nearest of them that has come; undefined when none has. A certificate of a few days' life is not told of before two thirds are over. */
export function alertAt(facts: Pick<CertificateFacts, "notBefore" | "notAfter">, now: number): number | undefined {
  if (now < facts.notAfter && now < renewalTime(facts)) {
    // Ordinary certificates live 90 days and longer: their third third has 30.
    if (facts.notAfter - facts.notBefore < 63 * DAY) return undefined;
  }
  return ALERTS.find((days) => facts.notAfter - now <= days * DAY);
}

/** A server whose clock is behind, or whose certificates are over as soon as they are made, is not asked for one after the other. */
const LEAST_LIFE = HOUR;

/** When the next one is fetched after one that was `gotAt`. */
export function nextRenewal(facts: Pick<CertificateFacts, "notBefore" | "notAfter">, gotAt: number): number {
  return Math.max(renewalTime(facts), gotAt + LEAST_LIFE);
}
