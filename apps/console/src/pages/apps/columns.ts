import type { App } from "@ebb/api";

/** The environments of all apps as columns, in an order that fits each app's own chain: one not seen yet comes behind the one before it. */
export function environmentsOf(apps: readonly App[]): string[] {
  const columns: string[] = [];
  for (const { environments } of apps) {
    let at = -1;
    for (const { environment } of environments) {
      const known = columns.indexOf(environment);
      if (known === -1) columns.splice(at + 1, 0, environment);
      at = columns.indexOf(environment);
    }
  }
  return columns;
}
