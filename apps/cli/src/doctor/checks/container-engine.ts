import { execFile } from "node:child_process";
import { request } from "node:http";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { findCommand } from "../../find-command.ts";
import type { Host } from "../../host.ts";
import { ok, type Check, type Examination, type Finding } from "../finding.ts";

const FACTS = { id: "container-engine", title: "Container engine" };
const PATIENCE = 3000;
const NETAVARK_FOLDERS = ["/usr/lib/podman", "/usr/libexec/podman", "/usr/local/libexec/podman"];

const run = promisify(execFile);

export const checkContainerEngine: Check = async (examination) => {
  for (const socket of candidateSockets(examination)) {
    const engine = await ask(socket);
    if (engine === undefined) continue;
    const seen = ok(FACTS.id, FACTS.title, `${engine} at ${socket}`);
    return [seen, ...(/podman/i.test(engine) ? await checkNetworks(examination) : [])];
  }
  const podman = await findCommand(["podman"], examination.host.env);
  if (podman !== undefined) return [await checkPodman(podman, examination), ...(await checkNetworks(examination))];
  const docker = await findCommand(["docker"], examination.host.env);
  return [
    {
      ...FACTS,
      level: "warning",
      found: docker === undefined ? "none" : `${docker} is installed, but its engine does not answer`,
      meaning: "Images and Dockerfiles cannot be deployed. Everything else runs as processes.",
      remedy:
        docker === undefined
          ? "Install one: apt-get install podman runc iptables"
          : "Start it: systemctl start docker, and let this user use its socket.",
    },
  ];
};

/** The server starts Podman's service itself: the program and an OCI runtime are enough. */
async function checkPodman(podman: string, { host }: Examination) {
  const runtime = await findCommand(["crun", "runc"], host.env);
  if (runtime !== undefined) return ok(FACTS.id, FACTS.title, `${podman} with ${runtime}; Ebb starts its service when it is needed`);
  return {
    ...FACTS,
    level: "warning",
    found: `${podman}, without an OCI runtime`,
    meaning: "Images can be pulled, but no container can be started.",
    remedy: "Install one: apt-get install crun",
  } as const;
}

/** Podman of root makes its networks with a program that Debian's package does not bring; a user's own Podman needs none. */
async function checkNetworks({ host }: Examination): Promise<Finding[]> {
  const program = await firewallProgram(host.env);
  if (host.uid !== 0 || program === undefined || (await findCommand([program], host.env)) !== undefined) return [];
  return [
    {
      id: "container-network",
      title: "Container network",
      level: "warning",
      found: `no ${program}`,
      meaning: "Podman cannot give a container a network: no image can be started.",
      remedy: `Install it: apt-get install ${program === "nft" ? "nftables" : program}`,
    },
  ];
}

/** What netavark makes its rules with: iptables, unless it was built for something else, which it says from 1.10 on. */
async function firewallProgram(env: Host["env"]): Promise<"iptables" | "nft" | undefined> {
  const netavark = await findCommand(["netavark"], { PATH: [env["PATH"], ...NETAVARK_FOLDERS].join(delimiter) });
  if (netavark === undefined) return "iptables";
  try {
    const { stdout } = await run(netavark, ["version"], { timeout: PATIENCE });
    const driver = (JSON.parse(stdout) as { default_fw_driver?: string }).default_fw_driver;
    return driver === "none" ? undefined : driver === "nftables" ? "nft" : "iptables";
  } catch {
    return "iptables";
  }
}

function candidateSockets({ host, dataFolder }: Examination): string[] {
  const named = [host.env["CONTAINER_HOST"], host.env["DOCKER_HOST"]].flatMap((url) =>
    url?.startsWith("unix://") ? [url.slice("unix://".length)] : [],
  );
  const runtimeDir = host.env["XDG_RUNTIME_DIR"];
  return [
    ...named,
    join(dataFolder, "run/podman.sock"),
    ...(runtimeDir ? [join(runtimeDir, "podman/podman.sock")] : []),
    "/run/podman/podman.sock",
    "/var/run/docker.sock",
  ];
}

/** `Podman Engine 5.4.2` from the Docker-compatible API; undefined when nobody answers. */
function ask(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path: "/version", timeout: PATIENCE }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(engineName(text)));
      response.on("error", () => resolve(undefined));
    });
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(undefined));
    call.end();
  });
}

function engineName(text: string): string | undefined {
  try {
    const { Version, Components } = JSON.parse(text) as { Version?: string; Components?: { Name?: string }[] };
    return `${Components?.[0]?.Name ?? "engine"} ${Version ?? ""}`.trim();
  } catch {
    return undefined;
  }
}
