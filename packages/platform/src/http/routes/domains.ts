import { AcceptDomain, AddDomain, Domain, DomainSettings, PatchDomain, PatchDomainSettings, TeamName, UploadCertificate } from "@ebb/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { visibleTeams } from "../../identity/access.ts";
import { callerOf } from "../authorisation.ts";
import { AT, ByPlace, items, placeOf, read, write, type RouteDeps } from "./shapes.ts";

const ByDomain = Type.Intersect([ByPlace, Type.Object({ domain: Type.String({ minLength: 1, maxLength: 253 }) })]);
const DomainsQuery = Type.Object({ team: Type.Optional(TeamName) });
const Nothing = Type.Object({}, { additionalProperties: false });
const domainOf = (request: FastifyRequest): string => (request.params as { domain: string }).domain;
const ONE = `${AT}/domains/:domain`;

/** Custom domains. Who may release there decides about them, as about the app's own host. */
export function registerDomainRoutes(server: FastifyInstance, deps: RouteDeps): void {
  registerReads(server, deps);
  registerWrites(server, deps);
  const { domains } = deps.api;
  const settings = { access: { platformAdmin: true }, answer: DomainSettings } as const;
  read(server, "/domain-settings", { ...settings, summary: "How domains are verified and certificates come by" }, () => domains.settings());
  write(
    server,
    "/domain-settings",
    { ...settings, method: "PATCH", summary: "Change that: ACME server, DNS, proofs", body: PatchDomainSettings, code: 200 },
    (request) => domains.patchSettings(request.body as PatchDomainSettings),
  );
}

function registerReads(server: FastifyInstance, { api }: RouteDeps): void {
  read(
    server,
    "/domains",
    { summary: "All custom domains that you may see", access: { signedIn: true }, query: DomainsQuery, answer: items(Domain) },
    async (request) => {
      const { team } = request.query as Static<typeof DomainsQuery>;
      return { items: await api.domains.listAll({ ...(team === undefined ? {} : { team }), visible: visibleTeams(callerOf(request)) }) };
    },
  );
  const viewing = { access: { team: "viewer" } } as const;
  read(server, `${AT}/domains`, { ...viewing, summary: "Its custom domains", params: ByPlace, answer: items(Domain) }, async (request) => ({
    items: await api.domains.list(placeOf(request)),
  }));
  read(server, ONE, { ...viewing, summary: "A custom domain, its state and its next step", params: ByDomain, answer: Domain }, (request) =>
    api.domains.get(placeOf(request), domainOf(request)),
  );
}

function registerWrites(server: FastifyInstance, { api }: RouteDeps): void {
  const changing = { access: { environment: "release" }, params: ByDomain, answer: Domain, code: 200 } as const;
  write(
    server,
    `${AT}/domains`,
    { ...changing, method: "POST", summary: "Add a custom domain", params: ByPlace, body: AddDomain, code: 201 },
    (request) => api.domains.add(placeOf(request), request.body as AddDomain, request.user),
  );
  write(
    server,
    ONE,
    { ...changing, method: "PATCH", summary: "Change where its certificate comes from, and the redirect", body: PatchDomain },
    (request) => api.domains.patch(placeOf(request), domainOf(request), request.body as PatchDomain),
  );
  write(server, `${ONE}/verify`, { ...changing, method: "POST", summary: "Look now for what it waits for", body: Nothing }, (request) =>
    api.domains.verify(placeOf(request), domainOf(request)),
  );
  write(
    server,
    `${ONE}/accept`,
    {
      ...changing,
      access: { platformAdmin: true },
      method: "POST",
      summary: "Take it without a proof of its ownership",
      body: AcceptDomain,
    },
    (request) => api.domains.accept(placeOf(request), domainOf(request), request.body as AcceptDomain),
  );
  write(server, `${ONE}/renew`, { ...changing, method: "POST", summary: "Ask for a new certificate now", body: Nothing }, (request) =>
    api.domains.renew(placeOf(request), domainOf(request)),
  );
  write(
    server,
    `${ONE}/certificate`,
    { ...changing, method: "PUT", summary: "Give it a certificate of your own", body: UploadCertificate },
    (request) => api.domains.upload(placeOf(request), domainOf(request), request.body as UploadCertificate),
  );
  server.delete(
    ONE,
    { config: { access: { environment: "release" } }, schema: { summary: "Remove a custom domain", params: ByDomain } },
    async (request, reply) => {
      await api.domains.remove(placeOf(request), domainOf(request));
      return reply.code(204).send();
    },
  );
}
