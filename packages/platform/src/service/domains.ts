import type { AcceptDomain, AddDomain, Domain, DomainSettings, PatchDomain, PatchDomainSettings, UploadCertificate } from "@ebb/api";
import { sleep, type Random } from "@ebb/base";
import type { Place } from "../apps/store.ts";
import { changed, record, type Change } from "../audit/store.ts";
import { isUniqueViolation } from "../database/database.ts";
import type { Deps } from "../deploy/context.ts";
import { checkCertificate } from "../domains/certificate.ts";
import { parseDomain, type ReservedHosts } from "../domains/hostname.ts";
import type { DomainKeeper } from "../domains/keeper.ts";
import { FRESH } from "../domains/look.ts";
import { keyIdentity } from "../domains/acme/step.ts";
import { removeFromCluster } from "../domains/remove.ts";
import { checkDomainSettings, readDomainSettings, writeDomainSettings } from "../domains/settings.ts";
import { findDomain, getDomain, listAllDomains, listDomains, problemOf, updateDomain, type DomainRow } from "../domains/store.ts";
import { LEAST_BETWEEN, NO_ALERT, VERIFICATION_PATIENCE } from "../domains/times.ts";
import { viewDomain } from "../domains/view.ts";
import { refuse } from "../errors.ts";
import type { DomainsApi, Visible } from "../http/port.ts";
import type { Places } from "./places.ts";

/** DNS, the domain itself and an ACME server may all be slow: whoever asked need not wait for them. */
const PATIENCE = 8000;
/** An app with more is no app but a register: certificates are asked for one by one. */
const MOST = 50;

export interface DomainsOptions {
  deps: Deps;
  places: Places;
  keeper: DomainKeeper;
  random: Random;
  reserved: ReservedHosts;
}

/** Custom domains: what people may ask; what comes of it is the keeper's. */
export class DomainsService implements DomainsApi {
  readonly #options: DomainsOptions;
  readonly #deps: Deps;

  constructor(options: DomainsOptions) {
    this.#options = options;
    this.#deps = options.deps;
  }

  async list(place: Place): Promise<Domain[]> {
    await this.#options.places.clusterOf(place);
    return this.#view(await listDomains(this.#deps.db, place));
  }

  async listAll({ team, visible }: { team?: string; visible: Visible }): Promise<Domain[]> {
    const rows = await listAllDomains(this.#deps.db, visible);
    return this.#view(team === undefined ? rows : rows.filter((row) => row.team === team));
  }

  async get(place: Place, name: string): Promise<Domain> {
    return this.#viewOne(await this.#row(place, name));
  }

  /** Throws `invalid_domain`, `domain_taken`, `too_many_domains`; one that the app has already there is answered as it is. */
  async add(place: Place, body: AddDomain, user: string): Promise<Domain> {
    const { db, clock } = this.#deps;
    const { places, random, reserved } = this.#options;
    const name = parseDomain(body.name, reserved);
    const { app, environment } = await places.changeable(place);
    await places.ensure(place.app, environment);
    const now = clock.now();
    const present = await findDomain(db, name);
    if (present?.app === place.app && present.env === place.env) return this.#viewOne(present);
    if (present && (present.verified_at !== null || now - present.created_at < VERIFICATION_PATIENCE)) throw taken(name);
    if ((await listDomains(db, place)).length >= MOST) {
      throw refuse("too_many_domains", `${place.app} has ${MOST} domains in ${place.env} already`, {
        hint: "Remove one: ebb domain delete.",
      });
    }
    if (present) await this.#takeOver(present);
    const row: DomainRow = {
      ...NEW,
      name,
      team: app.team,
      ...place,
      token: random.token(),
      created_by: user,
      created_at: now,
      updated_at: now,
    };
    const asked = { mode: body.certificate ?? ("acme" as const), redirect: body.redirect === false ? 0 : 1 };
    try {
      await db.transaction().execute(async (transaction) => {
        await transaction
          .insertInto("domains")
          .values({ ...row, ...asked })
          .execute();
        const after = { app: place.app, environment: place.env, certificate: asked.mode, redirect: asked.redirect === 1 };
        await record(transaction, now, { action: "domain.added", object: `domain/${name}`, team: app.team, after });
      });
    } catch (cause) {
      if (isUniqueViolation(cause)) throw taken(name);
      throw cause;
    }
    return this.#look(place, { name });
  }

  async patch(place: Place, domain: string, { redirect, certificate }: PatchDomain): Promise<Domain> {
    const row = await this.#row(place, domain);
    const before = { redirect: row.redirect === 1, certificate: row.mode };
    const after = { redirect: redirect ?? before.redirect, certificate: certificate ?? before.certificate };
    const another = after.certificate !== before.certificate;
    await this.#change(
      row,
      { redirect: after.redirect ? 1 : 0, mode: after.certificate, ...(another ? { ...FRESH } : {}) },
      { action: "domain.changed", ...changed(before, after) },
    );
    return this.#look(place, row);
  }

  /** Nothing is asked of an ACME server sooner than a minute after the last time. */
  async verify(place: Place, domain: string): Promise<Domain> {
    const row = await this.#row(place, domain);
    const retry_at = askAgainAt(row);
    await updateDomain(this.#deps.db, row, { retry_at, look_at: 0, updated_at: this.#deps.clock.now() });
    return this.#look(place, row);
  }

  /** An administrator's word in place of the proof, which a name that only a private DNS knows may never have. One that is proved stays so. */
  async accept(place: Place, domain: string, { why }: AcceptDomain): Promise<Domain> {
    const row = await this.#row(place, domain);
    if (row.verified_at !== null) return this.#viewOne(row);
    await this.#change(
      row,
      { verified_at: this.#deps.clock.now(), verified_by: "administrator", attempts: 0, retry_at: 0, problem_json: "" },
      { action: "domain.accepted", before: { verified: false }, after: { verified: true, why, app: row.app, environment: row.env } },
    );
    return this.#look(place, row);
  }

  /** Throws `no_certificate` where there is none, or one that was uploaded. */
  async renew(place: Place, domain: string): Promise<Domain> {
    const row = await this.#row(place, domain);
    if (row.mode !== "acme" || row.cert_pem === "") {
      throw refuse(
        "no_certificate",
        row.mode === "acme" ? `${row.name} has no certificate yet` : `The certificate of ${row.name} does not renew itself`,
        {
          hint:
            row.mode === "acme"
              ? "It is being asked for: ebb domain verify."
              : "Upload another with --cert and --key, or let one be fetched: --auto.",
        },
      );
    }
    const retry_at = askAgainAt(row);
    await this.#change(row, { renew_asked: 1, retry_at }, { action: "domain.renewal-asked" });
    return this.#look(place, row);
  }

  /** Throws `invalid_certificate`. */
  async upload(place: Place, domain: string, { certificate, key }: UploadCertificate): Promise<Domain> {
    const { vault, clock } = this.#deps;
    const row = await this.#row(place, domain);
    const { issuer, fingerprint, notAfter } = checkCertificate(row.name, { certificate, key }, clock.now());
    const { sealed } = await vault.seal(row.team, keyIdentity(row.name), key);
    const set = {
      cert_pem: certificate,
      cert_key: sealed,
      cert_source: "uploaded" as const,
      cert_at: clock.now(),
      mode: "uploaded" as const,
      ...FRESH,
    };
    const after = { issuer, fingerprint, notAfter: new Date(notAfter).toISOString() };
    await this.#change(row, set, { action: "domain.certificate-uploaded", after });
    return this.#look(place, row);
  }

  async remove(place: Place, domain: string): Promise<void> {
    const { db, clock } = this.#deps;
    const row = await this.#row(place, domain);
    await removeFromCluster(await this.#options.places.clusterOf(place), row.name);
    const now = clock.now();
    await db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("domains").where("name", "=", row.name).where("token", "=", row.token).execute();
      const before = { app: row.app, environment: row.env };
      await record(transaction, now, { action: "domain.removed", object: `domain/${row.name}`, team: row.team, before });
    });
    // A look that was under way may have put it there again.
    await this.#options.keeper.look(row.name);
    await removeFromCluster(await this.#options.places.clusterOf(place), row.name);
  }

  settings(): Promise<DomainSettings> {
    return readDomainSettings(this.#deps.db);
  }

  async patchSettings(body: PatchDomainSettings): Promise<DomainSettings> {
    const { db, clock } = this.#deps;
    return db.transaction().execute(async (transaction) => {
      const before = await readDomainSettings(transaction);
      const after = { ...before, ...body };
      checkDomainSettings(after);
      await writeDomainSettings(transaction, after);
      // What was in the way may not be any more.
      await transaction.updateTable("domains").set({ look_at: 0 }).where("problem_json", "!=", "").execute();
      await record(transaction, clock.now(), { action: "domain-settings.changed", object: "domain-settings", ...changed(before, after) });
      return after;
    });
  }

  async #row(place: Place, domain: string): Promise<DomainRow> {
    return getDomain(this.#deps.db, place, parseDomain(domain, { below: [], exact: [] }));
  }

  async #change(row: DomainRow, set: Partial<DomainRow>, { action, ...about }: Pick<Change, "action" | "before" | "after">): Promise<void> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    await db.transaction().execute(async (transaction) => {
      await updateDomain(transaction, row, { ...set, look_at: 0, updated_at: now });
      await record(transaction, now, { action, object: `domain/${row.name}`, team: row.team, ...about });
    });
  }

  /** Looks at it, and tells how it is then, or after a while of looking. */
  async #look(place: Place, { name }: Pick<DomainRow, "name">): Promise<Domain> {
    const looked = new AbortController();
    const looking = this.#options.keeper.look(name).finally(() => looked.abort());
    await Promise.race([looking, sleep(this.#deps.clock, PATIENCE, looked.signal).catch(() => undefined)]);
    return this.get(place, name);
  }

  /** A name that somebody wrote down and never proved is not theirs. */
  async #takeOver(row: DomainRow): Promise<void> {
    const { db, clock } = this.#deps;
    const place = { app: row.app, env: row.env };
    await removeFromCluster(await this.#options.places.clusterOf(place), row.name);
    await db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("domains").where("name", "=", row.name).where("token", "=", row.token).execute();
      await record(transaction, clock.now(), { action: "domain.lapsed", object: `domain/${row.name}`, team: row.team, before: place });
    });
  }

  async #view(rows: readonly DomainRow[]): Promise<Domain[]> {
    const { db, ingress, clock } = this.#deps;
    const settings = await readDomainSettings(db);
    return rows.map((row) => viewDomain(row, { settings, ingress, now: clock.now() }));
  }

  async #viewOne(row: DomainRow): Promise<Domain> {
    const { db, ingress, clock } = this.#deps;
    return viewDomain(row, { settings: await readDomainSettings(db), ingress, now: clock.now() });
  }
}

/** What is asked of nobody but the cluster and DNS may be asked at once. */
function askAgainAt(row: DomainRow): number {
  return problemOf(row)?.code.startsWith("acme_") ? Math.min(row.retry_at, row.tried_at + LEAST_BETWEEN) : 0;
}

const NEW = {
  verified_at: null,
  verified_by: "",
  mode: "acme",
  redirect: 1,
  cert_pem: "",
  cert_key: "",
  cert_source: "",
  cert_at: 0,
  renew_asked: 0,
  served: "",
  order_json: "",
  attempts: 0,
  tried_at: 0,
  retry_at: 0,
  look_at: 0,
  problem_json: "",
  alerted: NO_ALERT,
  lease_owner: "",
  lease_until: 0,
} as const;

/** Whose it is is nobody else's to know. */
function taken(name: string): Error {
  return refuse("domain_taken", `The domain ${name} is in use on this platform already`, {
    hint: "A domain belongs to one app in one environment: remove it there first, or ask a platform administrator.",
  });
}
