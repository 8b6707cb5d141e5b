import type { PlatformProcess } from "@ebb/api";
import { ok, type Check } from "../finding.ts";

const FACTS = { id: "platforms", title: "Platforms" } as const;

/** Of those that work on one database: a newer one may have changed tables that an older one knows otherwise. */
export const checkPlatforms: Check = ({ status }) => {
  if (!status || status.platforms.length < 2) return Promise.resolve([]);
  const { platforms } = status;
  const versions = versionsOf(platforms);
  if (versions.length === 1) return Promise.resolve([ok(FACTS.id, FACTS.title, `${platforms.length}, all of ${versions[0]}`)]);
  return Promise.resolve([
    {
      ...FACTS,
      level: "warning",
      found: platforms.map(({ address, host, version }) => `${address} on ${host} is ${version}`).join(", "),
      meaning: "An older one may fail at what a newer one has changed in the database.",
      remedy: "Bring all to the newest version: stop, upgrade and start the others.",
    },
  ]);
};

export function versionsOf(platforms: readonly PlatformProcess[]): string[] {
  return [...new Set(platforms.map(({ version }) => version))];
}
