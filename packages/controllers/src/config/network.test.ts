import { describe, expect, test } from "vitest";
import { parseNetworkConfig, type NetworkConfig } from "./network.ts";

describe("config-network", () => {
  test.each<[key: string, old: string, value: string, read: (network: NetworkConfig) => unknown, expected: unknown]>([
    ["domain-template", "domainTemplate", "{{.Name}}.x", ({ domainTemplate }) => domainTemplate({ Name: "shop" }), "shop.x"],
    ["tag-template", "tagTemplate", "{{.Tag}}.x", ({ tagTemplate }) => tagTemplate({ Name: "shop", Tag: "v2" }), "v2.x"],
    ["rollout-duration", "rolloutDuration", "60", ({ rolloutSeconds }) => rolloutSeconds, 60],
    ["autocreate-cluster-domain-claims", "autocreateClusterDomainClaims", "True", ({ createsDomainClaims }) => createsDomainClaims, true],
    ["default-external-scheme", "defaultExternalScheme", "https", ({ externalScheme }) => externalScheme, "https"],
    ["http-protocol", "httpProtocol", "Redirected", ({ redirectsToTls }) => redirectsToTls, true],
    ["auto-tls", "autoTLS", "Enabled", ({ makesCertificates }) => makesCertificates, true],
    ["certificate-class", "certificate.class", "theirs", ({ certificateClass }) => certificateClass, "theirs"],
  ])("%s, which was %s once; the new name counts", (key, ...[old, value, read, expected]) => {
    expect(read(parseNetworkConfig({ [key]: value }))).toBe(expected);
    expect(read(parseNetworkConfig({ [old]: value }))).toBe(expected);
    expect(read(parseNetworkConfig())).not.toBe(expected);
    expect(read(parseNetworkConfig({ [old]: "nonsense", [key]: value }))).toBe(expected);
  });

  test.each<[Record<string, string>, string]>([
    [{ "rollout-duration": "-1" }, "rollout-duration must be a positive integer, but was -1"],
    [{ "rollout-duration": "1m" }, 'failed to parse "rollout-duration": strconv.ParseInt: parsing "1m": invalid syntax'],
    [{ "autocreate-cluster-domain-claims": "yes" }, 'strconv.ParseBool: parsing "yes": invalid syntax'],
    [{ "default-external-scheme": "ftp" }, "default-external-scheme must be http or https, but was ftp"],
    [{ "domain-template": "" }, "domain-template: empty hostname"],
    [{ "domain-template": "{{.Domain}}/{{.Name}}" }, "domain template has url path: /foo"],
    [{ "domain-template": "{{.Name}} of {{.Domain}}" }, 'domain-template: "foo of baz.com" is not a host'],
  ])("refuses %o, as upstream", (data, message) => expect(() => parseNetworkConfig(data)).toThrow(message));
});
