import { createServer } from "node:net";
import { systemCode } from "@ebb/base";
import { ok, type Check, type Examination, type Finding, type Ports } from "../finding.ts";
import { portHolder } from "../port-holder.ts";

const PURPOSES: Readonly<Record<keyof Ports, { what: string; option: string }>> = {
  gateway: { what: "applications", option: "--gateway-port" },
  platform: { what: "console and REST API", option: "--platform-port" },
  api: { what: "Kubernetes API", option: "--api-port" },
  internal: { what: "applications among themselves", option: "--internal-port" },
};

export const checkPorts: Check = async (examination) =>
  Promise.all((Object.keys(PURPOSES) as (keyof Ports)[]).map((name) => checkPort(name, examination)));

async function checkPort(name: keyof Ports, { ports, running }: Examination): Promise<Finding> {
  const { what, option } = PURPOSES[name];
  const port = ports[name];
  const facts = { id: `port-${name}`, title: `Port ${port}` };
  const refusal = await tryListen(port);
  if (refusal === undefined) return ok(facts.id, facts.title, `free (${what})`);
  if (running && refusal === "EADDRINUSE") return ok(facts.id, facts.title, `in use while Ebb runs (${what})`);
  if (refusal === "EADDRINUSE") {
    const holder = await portHolder(port);
    return {
      ...facts,
      level: "problem",
      found: `in use${holder === undefined ? " by a program that this user may not see" : ` by ${holder}`}`,
      meaning: `Ebb listens there for ${what}.`,
      remedy: `Stop that program, or choose another port: ebb up ${option} ${port + 1000 > 65_535 ? port - 1000 : port + 1000}`,
    };
  }
  return {
    ...facts,
    level: "problem",
    found: refusal === "EACCES" ? "this user may not listen there" : `cannot be listened on (${refusal})`,
    meaning: `Ebb listens there for ${what}.`,
    remedy: `Choose a port above 1023: ebb up ${option} PORT`,
  };
}

/** The system's word for why nobody can listen there; undefined when one can. */
function tryListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(systemCode(error) ?? error.message));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
