/** A tag's host puts `v1234567-` in front of it, and a label has 63 characters. */
const LONGEST = 54;

/** The first part of the host of an app in an environment: `shop` in prod, `shop-test` in test. */
export function hostLabel(app: string, environment: { host_suffix: string }): string {
  return `${app}${environment.host_suffix}`;
}

export function fitsHost(label: string): boolean {
  return label.length <= LONGEST;
}
