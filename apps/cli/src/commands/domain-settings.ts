import type { DomainSettings, PatchDomainSettings } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { readNamedFile } from "../named-file.ts";

const SYSTEM = "system";

export const domainSettingsCommand = defineCommand({
  name: "domain settings",
  summary: "Shows or changes how domains are verified and where certificates come from",
  description: "For platform administrators. Without an option it shows what holds.",
  args: {},
  options: {
    "acme-directory": { kind: "text", placeholder: "URL", summary: "The ACME server's directory; Let's Encrypt's otherwise" },
    "acme-email": { kind: "text", placeholder: "ADDRESS", summary: "Whom the ACME server may write to" },
    "acme-ca": { kind: "text", placeholder: "FILE", summary: "PEM: who has signed an internal ACME server's certificate" },
    "agree-terms": { kind: "flag", summary: "You have read the ACME server's terms and agree to them" },
    "check-port": { kind: "integer", placeholder: "PORT", min: 1, max: 65_535, summary: "Where domains are reached by HTTP; 80 otherwise" },
    dns: { kind: "list", placeholder: "SERVER", summary: `Asked for records, as 192.0.2.1:53; ${SYSTEM}: the system's` },
    "http-proof": { kind: "flag", summary: "A domain that leads here already proves itself" },
    "no-http-proof": { kind: "flag", summary: "Only a TXT record proves a domain" },
    "point-to": { kind: "text", placeholder: "HOST", summary: "What people are told to point their records to" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb domain settings --agree-terms --acme-email ops@example.com --point-to apps.example.com", what: "Let's Encrypt" },
    {
      run: "ebb domain settings --acme-directory https://ca.internal/acme/acme/directory --acme-ca root.pem --agree-terms",
      what: "step-ca, say",
    },
  ],
  async run(context, { options }) {
    const ca = options["acme-ca"];
    const patch: PatchDomainSettings = {
      ...given("acmeDirectory", options["acme-directory"]),
      ...given("acmeEmail", options["acme-email"]),
      ...given("pointTo", options["point-to"]),
      ...(options["agree-terms"] ? { acmeTermsAgreed: true } : {}),
      ...(options["check-port"] === undefined ? {} : { checkPort: options["check-port"] }),
      ...(options.dns.length === 0 ? {} : { dnsServers: options.dns.filter((server) => server !== SYSTEM) }),
      ...(options["http-proof"] ? { httpProof: true } : {}),
      ...(options["no-http-proof"] ? { httpProof: false } : {}),
      ...(ca === undefined ? {} : { acmeCa: (await readNamedFile(context, ca)).toString() }),
    };
    const client = await context.connect();
    const settings = Object.keys(patch).length === 0 ? await client.getDomainSettings() : await client.patchDomainSettings(patch);
    context.output.show(settings, () => lines(settings));
  },
});

function given<K extends string>(key: K, value: string | undefined): { [key in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: string });
}

function lines({ acmeDirectory, acmeEmail, acmeTermsAgreed, acmeCa, checkPort, dnsServers, httpProof, pointTo }: DomainSettings): string[] {
  return [
    `ACME server  ${acmeDirectory}${acmeCa === "" ? "" : " (with an authority of its own)"}`,
    `  e-mail     ${acmeEmail || "none"}`,
    `  terms      ${acmeTermsAgreed ? "agreed to" : "not agreed to: no certificate is asked for"}`,
    `DNS          ${dnsServers.join(", ") || "the system's"}`,
    `HTTP port    ${checkPort}`,
    `proof        a TXT record${httpProof ? ", or a domain that leads here already" : " alone"}`,
    `point to     ${pointTo || "nothing is told"}`,
  ];
}
