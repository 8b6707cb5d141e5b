import type { Client, Domain, PatchDomain, Place } from "@ebb/api";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { Failure, usageError } from "../failure.ts";
import { readNamedFile } from "../named-file.ts";
import { ageOf, humanAge } from "../output/durations.ts";
import type { Column } from "../output/table.ts";
import { ENV, placeOf } from "../place.ts";

const NAME = { summary: "The domain: www.example.com", required: true } as const;
const PLACE = {
  ...ENV,
  app: { kind: "text", placeholder: "APP", completes: "app", summary: "Of this application; found by the domain otherwise" },
} as const;

export const domainListCommand = defineCommand({
  name: "domain list",
  summary: "Lists custom domains with their state, certificate and next step",
  args: { app: { summary: "Of this application; of all otherwise", required: false, completes: "app" } },
  options: ENV,
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb domain list", what: "All that you may see" },
    { run: "ebb domain list shop --env prod", what: "Of one application" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const items =
      args.app === undefined
        ? await client.listAllDomains()
        : await client.listDomains(await placeOf(context, client, args.app, options.env));
    const empty = "No custom domains yet. Add one: `ebb domain add www.example.com --app APP`.";
    context.output.table({ data: { items }, rows: items, columns: columns(context.host.clock.now()), empty });
  },
});

export const domainAddCommand = defineCommand({
  name: "domain add",
  summary: "Adds a custom domain to an application, and says how to prove its ownership",
  args: { domain: NAME },
  options: {
    ...ENV,
    app: { kind: "text", placeholder: "APP", completes: "app", summary: "To this application; required" },
    "no-certificate": { kind: "flag", summary: "Served by HTTP alone, as behind a load balancer with a certificate of its own" },
    "no-redirect": { kind: "flag", summary: "HTTP is not sent to HTTPS" },
  },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb domain add www.example.com --app shop --env prod", what: "Then make the TXT record that it names" }],
  async run(context, { args, options }) {
    if (options.app === undefined) throw usageError("a domain is of an application", "Name it with --app APP.");
    const client = await context.connect();
    const place = await placeOf(context, client, options.app, options.env);
    const certificate = options["no-certificate"] ? "none" : "acme";
    show(context, await client.addDomain(place, { name: args.domain, certificate, redirect: !options["no-redirect"] }));
  },
});

export const domainShowCommand = defineCommand({
  name: "domain show",
  summary: "Shows a custom domain: its state, its certificate and the next step",
  args: { domain: NAME },
  options: PLACE,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb domain show www.example.com", what: "With the record to make, as long as it is not verified" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { place, name } = await find(context, client, args.domain, options);
    show(context, await client.getDomain(place, name));
  },
});

export const domainVerifyCommand = defineCommand({
  name: "domain verify",
  summary: "Looks now for what a custom domain waits for: its record, or its certificate",
  description: "Ebb looks by itself, too, less and less often. Exit code 1 when it still waits.",
  args: { domain: NAME },
  options: PLACE,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb domain verify www.example.com", what: "After the TXT record was made" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { place, name } = await find(context, client, args.domain, options);
    const domain = await client.verifyDomain(place, name);
    show(context, domain);
    if (domain.verification.verifiedAt === null)
      throw new Failure(`${domain.name} is not verified yet`, { hint: domain.problem?.hint ?? "Try again in a minute." });
  },
});

export const domainAcceptCommand = defineCommand({
  name: "domain accept",
  summary: "Takes a custom domain without a proof of its ownership",
  description:
    "For platform administrators: a name that only a private DNS knows cannot be proved. The audit trail has who did so, and why.",
  args: { domain: NAME },
  options: { ...PLACE, why: { kind: "text", placeholder: "TEXT", summary: "For whoever reads the audit trail; required" } },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb domain accept shop.corp.example.com --why 'in our own DNS'", what: "It is served from then on" }],
  async run(context, { args, options }) {
    if (options.why === undefined) throw usageError("a domain is accepted for a reason", "Say it with --why TEXT.");
    const client = await context.connect();
    const { place, name } = await find(context, client, args.domain, options);
    show(context, await client.acceptDomain(place, name, { why: options.why }));
  },
});

export const domainCertCommand = defineCommand({
  name: "domain cert",
  summary: "Gives a custom domain a certificate: your own, or one that renews itself",
  args: { domain: NAME },
  options: {
    ...PLACE,
    cert: { kind: "text", placeholder: "FILE", summary: "PEM: the certificate, then its chain" },
    key: { kind: "text", placeholder: "FILE", summary: "PEM: its private key, without a passphrase" },
    auto: { kind: "flag", summary: "From the ACME server again, and renewed by itself" },
    renew: { kind: "flag", summary: "A new one now, before the old one's time" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb domain cert www.example.com", what: "What it has" },
    {
      run: "ebb domain cert www.example.com --cert fullchain.pem --key privkey.pem",
      what: "One of your own; live without a dropped connection",
    },
    { run: "ebb domain cert www.example.com --auto", what: "Renewed by itself from then on" },
  ],
  async run(context, { args, options }) {
    const { cert, key, auto, renew } = options;
    if ((cert === undefined) !== (key === undefined)) throw usageError("--cert and --key belong together", "Each names a PEM file.");
    if ([cert !== undefined, auto, renew].filter(Boolean).length > 1)
      throw usageError("--cert, --auto and --renew exclude each other", "Choose one.");
    const text = async (file: string) => (await readNamedFile(context, file)).toString();
    const given = cert === undefined || key === undefined ? undefined : { certificate: await text(cert), key: await text(key) };
    const client = await context.connect();
    const { place, name } = await find(context, client, args.domain, options);
    if (given) return show(context, await client.uploadCertificate(place, name, given));
    if (auto) return show(context, await client.patchDomain(place, name, { certificate: "acme" }));
    show(context, renew ? await client.renewDomain(place, name) : await client.getDomain(place, name));
  },
});

export const domainSetCommand = defineCommand({
  name: "domain set",
  summary: "Changes whether a custom domain redirects HTTP, and whether it has a certificate",
  args: { domain: NAME },
  options: {
    ...PLACE,
    redirect: { kind: "flag", summary: "HTTP is sent to HTTPS, once the certificate serves" },
    "no-redirect": { kind: "flag", summary: "It is not" },
    "no-certificate": { kind: "flag", summary: "Served by HTTP alone" },
  },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb domain set www.example.com --no-redirect", what: "For clients that cannot TLS" }],
  async run(context, { args, options }) {
    const patch: PatchDomain = {
      ...(options.redirect ? { redirect: true } : {}),
      ...(options["no-redirect"] ? { redirect: false } : {}),
      ...(options["no-certificate"] ? { certificate: "none" } : {}),
    };
    if (Object.keys(patch).length === 0) throw usageError("nothing to change", "See `ebb domain set --help`.");
    const client = await context.connect();
    const { place, name } = await find(context, client, args.domain, options);
    show(context, await client.patchDomain(place, name, patch));
  },
});

export const domainRemoveCommand = defineCommand({
  name: "domain delete",
  summary: "Deletes a custom domain, with its certificate",
  args: { domain: NAME },
  options: PLACE,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb domain delete www.example.com", what: "It may be added anywhere afterwards" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { place, name } = await find(context, client, args.domain, options);
    await client.removeDomain(place, name);
    context.output.show({ removed: name }, () => [`${name} is removed.`]);
  },
});

interface Asked {
  readonly app: string | undefined;
  readonly env: string | undefined;
}

/** A domain is unique, so its name alone finds it; an app and an environment that are named must be its own. */
async function find(context: Context, client: Client, domain: string, { app, env }: Asked): Promise<{ place: Place; name: string }> {
  if (app !== undefined) return { place: await placeOf(context, client, app, env), name: domain };
  const wanted = domain.trim().toLowerCase().replace(/\.$/, "");
  const found = (await client.listAllDomains()).find(({ name, displayName }) => name === wanted || displayName === wanted);
  if (found && (env === undefined || found.environment === env))
    return { place: { app: found.app, env: found.environment }, name: found.name };
  throw new Failure(`there is no domain ${domain}${env === undefined ? "" : ` in ${env}`} that you may see`, {
    hint: "List them with `ebb domain list`.",
  });
}

function columns(now: number): Column<Domain>[] {
  return [
    { header: "DOMAIN", value: ({ displayName }) => displayName, style: (text, style) => style.bold(text) },
    { header: "APP", value: ({ app }) => app },
    { header: "ENV", value: ({ environment }) => environment },
    { header: "STATE", value: ({ state }) => state },
    { header: "CERTIFICATE", value: (domain) => certificateText(domain, now) },
    { header: "NEXT STEP", value: ({ problem }) => problem?.hint ?? "" },
    { header: "REDIRECT", wide: true, value: ({ redirect }) => (redirect ? "yes" : "no") },
    { header: "CODE", wide: true, value: ({ problem }) => problem?.code ?? "" },
    { header: "AGE", wide: true, value: ({ createdAt }) => ageOf(createdAt, now), align: "right" },
  ];
}

function certificateText({ certificate, certificateMode }: Domain, now: number): string {
  if (!certificate) return certificateMode === "none" ? "none" : "-";
  const left = Date.parse(certificate.notAfter) - now;
  return `${certificate.source}, ${left <= 0 ? "has ended" : `ends in ${humanAge(left)}`}`;
}

function show(context: Context, domain: Domain): void {
  const { verification, certificate, problem, pointTo } = domain;
  context.output.show(domain, () => [
    `${domain.displayName}  ${domain.app} in ${domain.environment}: ${domain.state}`,
    `url          ${domain.url}`,
    ...(verification.verifiedAt === null
      ? [
          `TXT record   ${verification.record.name}`,
          `  value      ${verification.record.value}`,
          ...(verification.http ? [`or           a record that leads here: ${pointTo ?? "to this platform's gateway"}`] : []),
        ]
      : [`verified     ${verification.verifiedAt} by ${verification.by ?? ""}`]),
    ...(certificate
      ? [
          `certificate  ${certificate.source}, of ${certificate.issuer}, until ${certificate.notAfter}${certificate.serving ? "" : " (not served yet)"}`,
          ...(certificate.renewsAt === null ? [] : [`  renewed    ${certificate.renewsAt}`]),
        ]
      : [`certificate  ${domain.certificateMode === "none" ? "none" : "not yet"}`]),
    `redirect     ${domain.redirect ? "HTTP to HTTPS, once the certificate serves" : "no"}`,
    ...(problem ? [`problem      ${problem.message} (${problem.code})`, `next step    ${problem.hint}`] : []),
  ]);
}
