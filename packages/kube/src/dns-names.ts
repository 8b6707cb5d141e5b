/**
 * What k8s.io/apimachinery (util/validation: IsDNS1123Label, IsDNS1123Subdomain, IsDNS1035Label) says of a name that DNS does not take: a
 * sentence for each fault, and none for a name that is right.
 */
const LONGEST_LABEL = 63;
const LONGEST_SUBDOMAIN = 253;

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";

const LABEL_WORDS = words(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  LABEL,
  "'my-name',  or '123-abc'",
);
const SUBDOMAIN_WORDS = words(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  SUBDOMAIN,
  "'example.com'",
);
export const LABEL_1035_WORDS = words(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  LABEL_1035,
  "'my-name',  or 'abc-123'",
);

export function dnsLabelFaults(name: string): string[] {
  if (matches(name, LABEL)) return tooLong(name, LONGEST_LABEL);
  return [...tooLong(name, LONGEST_LABEL), matches(name, SUBDOMAIN) ? "must not contain dots" : LABEL_WORDS];
}

export function dnsSubdomainFaults(name: string): string[] {
  return [...tooLong(name, LONGEST_SUBDOMAIN), ...(matches(name, SUBDOMAIN) ? [] : [SUBDOMAIN_WORDS])];
}

export function dns1035LabelFaults(name: string): string[] {
  return [...tooLong(name, LONGEST_LABEL), ...(matches(name, LABEL_1035) ? [] : [LABEL_1035_WORDS])];
}

const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_WORDS = words(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  QUALIFIED,
  "'MyName',  or 'my.name',  or '123-abc'",
);

/** Of a key of labels or annotations. */
export function qualifiedNameFaults(name: string): string[] {
  const parts = name.split("/");
  if (parts.length > 2)
    return [`a qualified name ${QUALIFIED_WORDS} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const own = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? (parts[0] ?? "") : undefined;
  const prefixFaults = prefix === undefined ? [] : prefix === "" ? ["must be non-empty"] : dnsSubdomainFaults(prefix);
  const length = own === "" ? ["must be non-empty"] : tooLong(own, LONGEST_LABEL);
  const ownFaults = [...length, ...(matches(own, QUALIFIED) ? [] : [QUALIFIED_WORDS])];
  return [...prefixFaults.map((why) => `prefix part ${why}`), ...ownFaults.map((why) => `name part ${why}`)];
}

const LABEL_VALUE = `(${QUALIFIED})?`;
const LABEL_VALUE_WORDS = words(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  LABEL_VALUE,
  "'MyValue',  or 'my_value',  or '12345'",
);

export function labelValueFaults(value: string): string[] {
  return [...tooLong(value, LONGEST_LABEL), ...(matches(value, LABEL_VALUE) ? [] : [LABEL_VALUE_WORDS])];
}

function words(rule: string, pattern: string, examples: string): string {
  return `${rule} (e.g. ${examples}, regex used for validation is '${pattern}')`;
}

function tooLong(name: string, most: number): string[] {
  return name.length > most ? [`must be no more than ${most} characters`] : [];
}

function matches(name: string, pattern: string): boolean {
  return new RegExp(`^${pattern}$`).test(name);
}
