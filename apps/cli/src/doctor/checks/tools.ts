import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findCommand } from "../../find-command.ts";
import { ok, type Check, type Finding } from "../finding.ts";

const run = promisify(execFile);
const PATIENCE = 10_000;

interface Tool {
  readonly program: string;
  readonly title: string;
  readonly version: readonly string[];
  readonly meaning: string;
  readonly remedy: string;
}

const TOOLS: readonly Tool[] = [
  {
    program: "npm",
    title: "npm",
    version: ["--version"],
    meaning: "Node.js applications with dependencies cannot be built from source.",
    remedy: "apt-get install npm",
  },
  {
    program: "python3",
    title: "Python",
    version: ["--version"],
    meaning: "Python applications cannot be built or run as processes.",
    remedy: "apt-get install python3 python3-venv",
  },
  {
    program: "go",
    title: "Go",
    version: ["version"],
    meaning: "Go applications cannot be built from source.",
    remedy: "apt-get install golang",
  },
  {
    program: "git",
    title: "Git",
    version: ["--version"],
    meaning: "Dependencies that are named by a Git address cannot be fetched.",
    remedy: "apt-get install git",
  },
];

export const checkTools: Check = async ({ host }) => Promise.all(TOOLS.map((tool) => checkTool(tool, host.env)));

async function checkTool(tool: Tool, env: Readonly<Record<string, string | undefined>>): Promise<Finding> {
  const facts = { id: `tool-${tool.program}`, title: tool.title };
  const path = await findCommand([tool.program], env);
  const missing = (found: string): Finding => ({
    ...facts,
    level: "warning",
    found,
    meaning: tool.meaning,
    remedy: `If you need it: ${tool.remedy}`,
  });
  if (path === undefined) return missing("not installed");
  try {
    const { stdout } = await run(path, [...tool.version], { timeout: PATIENCE, env: { ...env } });
    return ok(facts.id, facts.title, `${stdout.trim().split("\n")[0] ?? ""} at ${path}`);
  } catch {
    return missing(`${path} does not work`);
  }
}
