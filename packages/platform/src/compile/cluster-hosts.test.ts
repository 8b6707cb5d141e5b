import { HOST_TEMPLATE, OWN_HOST_TEMPLATE } from "@ebb/kube";
import { expect, test } from "vitest";
import { hostsChanges, hostsDomain, hostsTemplate, withHosts, type HostConfig } from "./cluster-hosts.ts";

const SELECTOR = "selector:\n  app.kubernetes.io/managed-by: ebb\n";
const DOMAIN = "sls-eu.example.com";
const fresh: HostConfig = { domains: { _example: "text" }, network: { _example: "text" } };
const company: HostConfig = {
  domains: { "legacy.example.com": "", "shop.example.com": "selector:\n  app: shop\n" },
  network: { "domain-template": "{{.Name}}-{{.Namespace}}.{{.Domain}}", "tag-template": "{{.Tag}}-{{.Name}}" },
};

/** By the name that the key had once, which Knative still reads. */
const old: HostConfig = { domains: {}, network: { domainTemplate: "{{.Name}}.old.{{.Domain}}" } };

test.each([
  ["a fresh Knative", fresh, "{{.Name}}.{{.Namespace}}.{{.Domain}}"],
  ["one with a template of the old name", old, "{{.Name}}.old.{{.Domain}}"],
  ["one with domains of its own", company, "{{.Name}}-{{.Namespace}}.{{.Domain}}"],
])("%s keeps what it has for everybody else, and gets it back", (_, config, before) => {
  const ours = withHosts(config, DOMAIN);
  expect(ours.domains).toEqual({ ...config.domains, [DOMAIN]: SELECTOR });
  expect(hostsTemplate(ours)).toBe(`{{if index .Annotations "ebb.dev/host"}}${HOST_TEMPLATE}{{else}}${before}{{end}}`);
  expect(hostsDomain(ours)).toBe(DOMAIN);
  expect(withHosts(ours, DOMAIN)).toEqual(ours);
  const back = withHosts(ours, null);
  expect([back.domains, hostsTemplate(back), hostsDomain(back)]).toEqual([config.domains, before, null]);
});

test("another domain takes the place of the one before, and the template stays", () => {
  const ours = withHosts(company, DOMAIN);
  const next = withHosts(ours, "sls-eu2.example.com");
  expect(hostsChanges(ours, next)).toEqual([
    { configMap: "config-domain", key: DOMAIN, before: SELECTOR, after: null },
    { configMap: "config-domain", key: "sls-eu2.example.com", before: null, after: SELECTOR },
  ]);
});

test("the domain of all Services is that of Ebb's, too; one of some others is refused", () => {
  const next = withHosts(company, "legacy.example.com");
  expect(next.domains).toEqual(company.domains);
  expect(() => withHosts(company, "shop.example.com")).toThrow("config-domain gives shop.example.com to other Services already");
});

test.each([
  ["now", OWN_HOST_TEMPLATE],
  ["of before", HOST_TEMPLATE],
])("Ebb's own cluster, %s, has a template that does already", (_, template) => {
  const own: HostConfig = { domains: { "sls-local.localhost": "" }, network: { "domain-template": template } };
  expect(hostsChanges(own, withHosts(own, DOMAIN))).toEqual([{ configMap: "config-domain", key: DOMAIN, before: null, after: SELECTOR }]);
  expect(withHosts(withHosts(own, DOMAIN), null)).toEqual(own);
});
