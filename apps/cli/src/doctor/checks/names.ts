import { lookup } from "node:dns/promises";
import { ok, type Check } from "../finding.ts";

/** A name as applications have it (RFC 6761 §6.3 says that it is loopback). */
const PROBE = "ebb-doctor.sls-local.localhost";

export const checkNames: Check = async ({ ports }) => {
  const facts = { id: "localhost-names", title: "*.localhost names" };
  const found = await lookup(PROBE, { all: true }).then(
    (addresses) => addresses.map(({ address }) => address),
    () => [],
  );
  if (found.some((address) => address === "::1" || address.startsWith("127.")))
    return [ok(facts.id, facts.title, `lead to ${found.join(", ")}`)];
  return [
    {
      ...facts,
      level: "warning",
      found: found.length === 0 ? "are not known to this machine's resolver" : `lead elsewhere: ${found.join(", ")}`,
      meaning: "Browsers and curl know them by themselves; other programs will not find applications by their URL.",
      remedy: `apt-get install libnss-myhostname, or say the name yourself: curl -H 'Host: NAME.sls-local.localhost' http://127.0.0.1:${ports.gateway}/`,
    },
  ];
};
