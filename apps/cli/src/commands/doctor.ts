import type { PlatformStatus } from "@ebb/api";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { runningServer, type RunningServer } from "../data-folder.ts";
import type { Finding, Level, Ports } from "../doctor/finding.ts";
import { Failure } from "../failure.ts";
import { serverProcess } from "../server/process.ts";

/** The server's own (apps/server/src/config.ts). */
const DEFAULT_PORTS: Ports = { gateway: 8080, platform: 8090, api: 8091, internal: 8092 };
const PORT = { kind: "integer", placeholder: "N", min: 1, max: 65_535 } as const;

export const doctorCommand = defineCommand({
  name: "doctor",
  summary: "Looks at this machine and says what each finding means",
  description:
    "A `problem` keeps `ebb up` from starting (exit code 1); a `warning` says what will not work, and what to do about it. Nothing is changed.",
  args: {},
  options: {
    "gateway-port": { ...PORT, summary: "As you would give it to `ebb up`" },
    "platform-port": { ...PORT, summary: "As you would give it to `ebb up`" },
    "api-port": { ...PORT, summary: "As you would give it to `ebb up`" },
    "internal-port": { ...PORT, summary: "As you would give it to `ebb up`" },
  },
  prints: "data",
  uses: "data-folder",
  examples: [
    { run: "ebb doctor", what: "Before the first `ebb up`" },
    { run: `ebb doctor -o json | jq '.findings[] | select(.level != "ok")'`, what: "What needs attention, for a script" },
  ],
  async run(context, { options }) {
    // Checks that other commands never need.
    const { examine } = await import("../doctor/examine.ts");
    context.progress.busy("looking at this machine");
    const running = (await serverProcess(context.dataFolder)) !== undefined;
    const usual = running ? portsOf(await runningServer(context.dataFolder)) : DEFAULT_PORTS;
    const findings = await examine({
      host: context.host,
      dataFolder: context.dataFolder,
      ports: {
        gateway: options["gateway-port"] ?? usual.gateway,
        platform: options["platform-port"] ?? usual.platform,
        api: options["api-port"] ?? usual.api,
        internal: options["internal-port"] ?? usual.internal,
      },
      running,
      status: running ? await statusOf(context) : undefined,
    });
    context.progress.idle();
    context.output.show({ findings }, () => findings.flatMap((finding) => findingLines(context, finding)));
    const problems = findings.filter((finding) => finding.level === "problem").length;
    const warnings = findings.filter((finding) => finding.level === "warning").length;
    if (problems > 0) throw new Failure(problems === 1 ? "one problem would stop `ebb up`" : `${problems} problems would stop \`ebb up\``);
    if (!context.output.structured)
      context.progress.line(`Nothing stops \`ebb up\`${warnings > 0 ? `; ${warnings} ${warnings === 1 ? "warning" : "warnings"}` : ""}.`);
  },
});

function findingLines(context: Context, finding: Finding): string[] {
  const { style } = context.output;
  const marks: Record<Level, string> = { ok: style.good("✓"), warning: style.warn("!"), problem: style.bad("✗") };
  const lines = [`${marks[finding.level]} ${finding.title.padEnd(24)} ${finding.found}`];
  const indent = " ".repeat(2 + 24 + 1);
  if (finding.meaning !== undefined) lines.push(`${indent}${finding.meaning}`);
  if (finding.remedy !== undefined) lines.push(`${indent}${style.bold("→")} ${finding.remedy}`);
  return lines;
}

/** Those of an Ebb that runs; the usual ones while it has not said its own yet. */
function portsOf(server: RunningServer | undefined): Ports {
  const own = (name: keyof Ports) => {
    const url = URL.parse(server?.[name] ?? "");
    if (!url) return DEFAULT_PORTS[name];
    // A URL leaves out the port that its scheme stands for.
    return Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  };
  return { gateway: own("gateway"), platform: own("platform"), api: own("api"), internal: own("internal") };
}

/** One that does not answer is another command's to tell: this looks at the machine. */
async function statusOf(context: Context): Promise<PlatformStatus | undefined> {
  try {
    return await (await context.connect()).status();
  } catch {
    return undefined;
  }
}
