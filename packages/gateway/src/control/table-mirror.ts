import { assertNever } from "@ebb/base";
import type { TableChange } from "../control-protocol.ts";
import type { Backend, CertificateEntry, RouteEntry, RouteTable } from "../route-table.ts";

/** The table as all workers have it, or will as soon as they get there: what goes to the disk, and to a worker that starts. Routes and versions are kept as text, as in the workers. */
export class TableMirror {
  readonly #routes = new Map<string, string>();
  readonly #backends = new Map<string, string>();
  readonly #certificates = new Map<string, CertificateEntry>();

  get table(): RouteTable {
    return {
      routes: Array.from(this.#routes.values(), (packed) => JSON.parse(packed) as RouteEntry),
      backends: Array.from(this.#backends.values(), (packed) => JSON.parse(packed) as Backend),
      certificates: [...this.#certificates.values()],
    };
  }

  apply(change: TableChange): void {
    switch (change.type) {
      case "sync":
        return this.#replaceAll(change.table);
      case "route":
        return void this.#routes.set(change.route.key, JSON.stringify(change.route));
      case "route-removed":
        return void this.#routes.delete(change.key);
      case "certificate":
        return void this.#certificates.set(change.certificate.key, change.certificate);
      case "certificate-removed":
        return void this.#certificates.delete(change.key);
      case "backend":
        return void this.#backends.set(change.backend.key, JSON.stringify(change.backend));
      case "backend-removed":
        return void this.#backends.delete(change.key);
      default:
        return assertNever(change);
    }
  }

  #replaceAll({ routes, backends, certificates }: RouteTable): void {
    for (const map of [this.#routes, this.#backends, this.#certificates]) map.clear();
    for (const route of routes) this.#routes.set(route.key, JSON.stringify(route));
    for (const backend of backends) this.#backends.set(backend.key, JSON.stringify(backend));
    for (const certificate of certificates) this.#certificates.set(certificate.key, certificate);
  }
}
