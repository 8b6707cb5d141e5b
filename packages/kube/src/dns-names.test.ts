import { describe, expect, test } from "vitest";
import { dns1035LabelFaults, dnsLabelFaults, dnsSubdomainFaults } from "./dns-names.ts";

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LONG = "must be no more than 63 characters";

describe("a name is refused in upstream's words", () => {
  test.each([
    ["a", []],
    ["1-a", []],
    ["a".repeat(63), []],
    ["a".repeat(64), [LONG]],
    ["a.b", ["must not contain dots"]],
    [`${"a".repeat(63)}.b`, [LONG, "must not contain dots"]],
    ["A", [LABEL]],
    ["-a", [LABEL]],
    ["", [LABEL]],
    ["a\n", [LABEL]],
  ])("label %j", (name, faults) => {
    expect(dnsLabelFaults(name)).toEqual(faults);
  });

  test.each([
    ["a.b-c.1", []],
    ["a.", [SUBDOMAIN]],
    ["a..b", [SUBDOMAIN]],
    ["a".repeat(254), ["must be no more than 253 characters"]],
    ["A".repeat(254), ["must be no more than 253 characters", SUBDOMAIN]],
  ])("subdomain %j", (name, faults) => {
    expect(dnsSubdomainFaults(name)).toEqual(faults);
  });

  test.each([
    ["a1", []],
    ["1a", [LABEL_1035]],
    ["a.b", [LABEL_1035]],
    ["a".repeat(64), [LONG]],
  ])("label of RFC 1035 %j", (name, faults) => {
    expect(dns1035LabelFaults(name)).toEqual(faults);
  });
});
