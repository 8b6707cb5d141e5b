import { record } from "../audit/store.ts";
import type { Deps } from "../deploy/context.ts";
import { certificateFacts } from "./certificate.ts";
import { findDomain, problemOf, updateDomain, type DomainRow } from "./store.ts";
import { alertAt, DAY } from "./times.ts";

/** Why nothing but somebody can keep the certificate from ending; undefined when it renews itself, or its end is far. */
export function expiring(row: DomainRow, now: number): { days: number; step: number; why: string } | undefined {
  if (row.cert_pem === "" || row.mode === "none") return undefined;
  const facts = certificateFacts(row.cert_pem);
  const step = alertAt(facts, now);
  if (step === undefined) return undefined;
  const problem = problemOf(row);
  // Its renewal is under way, or has not been tried yet.
  if (row.mode === "acme" && !problem) return undefined;
  const why = row.mode === "uploaded" ? "It was uploaded, and nothing renews it" : `Its renewal fails: ${problem?.message ?? ""}`;
  return { days: Math.max(0, Math.floor((facts.notAfter - now) / DAY)), step, why };
}

/** Tells once at each of the days before the end: in the trail and in the log. */
export async function alert({ db, clock, log }: Pick<Deps, "db" | "clock" | "log">, name: string): Promise<void> {
  const row = await findDomain(db, name);
  const now = clock.now();
  const about = row && expiring(row, now);
  if (!row || !about || about.step >= row.alerted) return;
  const after = {
    app: row.app,
    environment: row.env,
    notAfter: new Date(certificateFacts(row.cert_pem).notAfter).toISOString(),
    days: about.days,
    why: about.why,
  };
  await db.transaction().execute(async (transaction) => {
    if (!(await updateDomain(transaction, row, { alerted: about.step }))) return;
    const action = about.step === 0 ? "domain.certificate-expired" : "domain.certificate-expiring";
    await record(transaction, now, { action, object: `domain/${row.name}`, team: row.team, after });
  });
  log.warn({ domain: row.name, ...after }, about.step === 0 ? "a certificate has ended" : "a certificate ends soon");
}
