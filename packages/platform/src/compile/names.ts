/** `v3`: how people call the third version of an app. */
export function versionName(number: number): string {
  return `v${number}`;
}

/** The number in `v3`; undefined if it is no version's name. */
export function versionNumber(name: string): number | undefined {
  return /^v[1-9][0-9]{0,6}$/.test(name) ? Number(name.slice(1)) : undefined;
}

/** The Revision of a version, as Knative itself names generations: `shop-00003`. */
export function revisionName(app: string, number: number): string {
  return `${app}-${String(number).padStart(5, "0")}`;
}

/** The version number of one of the app's Revisions; undefined for a Revision of another origin. */
export function revisionNumber(app: string, revision: string): number | undefined {
  if (!revision.startsWith(`${app}-`)) return undefined;
  const digits = revision.slice(app.length + 1);
  return /^[0-9]{5,7}$/.test(digits) && Number(digits) > 0 ? Number(digits) : undefined;
}

/** The Secret object that an operation writes the app's secrets to; each generation has its own, as Secrets are immutable. */
export function secretsName(app: string, operation: string): string {
  return `${app}-secrets-${operation}`;
}
