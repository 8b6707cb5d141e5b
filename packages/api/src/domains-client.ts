import type { AcceptDomain, AddDomain, Domain, DomainSettings, PatchDomain, PatchDomainSettings, UploadCertificate } from "./domains.ts";
import { placePath, type CallOptions, type Place } from "./place-client.ts";
import { changing, type ChangeOptions } from "./revisions.ts";
import type { Revised } from "./schemas.ts";
import type { Send, SendOptions } from "./transport.ts";

/** Custom domains, their certificates, and how both are come by. */
export function domainCalls(send: Send) {
  const json = async <T>(method: string, path: string, request?: SendOptions): Promise<T> =>
    (await (await send(method, path, request)).json()) as T;
  const items = async <T>(path: string, request?: SendOptions): Promise<T[]> => (await json<{ items: T[] }>("GET", path, request)).items;
  const at = (place: Place, domain: string, rest = "") => placePath(place, `/domains/${encodeURIComponent(domain)}${rest}`);

  return {
    listDomains: (place: Place, call?: CallOptions) => items<Domain>(placePath(place, "/domains"), call),
    /** Of all apps that the caller may see. */
    listAllDomains: ({ signal, ...query }: { team?: string | undefined } & CallOptions = {}) =>
      items<Domain>("/domains", { query, signal }),
    getDomain: (place: Place, domain: string, call?: CallOptions) => json<Revised<Domain>>("GET", at(place, domain), call),
    addDomain: (place: Place, body: AddDomain) => json<Domain>("POST", placePath(place, "/domains"), { json: body }),
    patchDomain: (place: Place, domain: string, body: PatchDomain, on?: ChangeOptions) =>
      json<Revised<Domain>>("PATCH", at(place, domain), { json: body, ...changing(on) }),
    /** Looks at once for what it waits for. */
    verifyDomain: (place: Place, domain: string) => json<Domain>("POST", at(place, domain, "/verify"), { json: {} }),
    /** In place of a proof of its ownership; for platform administrators. */
    acceptDomain: (place: Place, domain: string, body: AcceptDomain) => json<Domain>("POST", at(place, domain, "/accept"), { json: body }),
    /** Asks for a new certificate before the old one's time. */
    renewDomain: (place: Place, domain: string) => json<Domain>("POST", at(place, domain, "/renew"), { json: {} }),
    uploadCertificate: (place: Place, domain: string, body: UploadCertificate) =>
      json<Domain>("PUT", at(place, domain, "/certificate"), { json: body }),
    removeDomain: async (place: Place, domain: string): Promise<void> => {
      await send("DELETE", at(place, domain));
    },
    getDomainSettings: (call?: CallOptions) => json<Revised<DomainSettings>>("GET", "/domain-settings", call),
    patchDomainSettings: (body: PatchDomainSettings, on?: ChangeOptions) =>
      json<Revised<DomainSettings>>("PATCH", "/domain-settings", { json: body, ...changing(on) }),
  };
}
