import { execFile } from "node:child_process";
import { join } from "node:path";
import { COMPILE_CACHE } from "./compile-cache.ts";
import type { EbbServer } from "./ebb-server.ts";
import type { Member } from "./join-team.ts";

const LAUNCHER = join(import.meta.dirname, "../../../ebb");

/** What somebody types after `ebb`, and what is printed. Throws, with the output, unless it ends with that exit code. */
export type Terminal = (line: string, exit?: number) => Promise<string>;

/** Of a person on a machine of their own, who knows the platform by its address only, signed in, in a folder. */
export async function openTerminal(ebb: EbbServer, who: Member, { home, folder }: { home: string; folder: string }): Promise<Terminal> {
  const types = async (line: string, exit = 0, input = "") => {
    const { code, output } = await run(line, { folder, home, input });
    if (code !== exit) throw new Error(`${who.name}$ ebb ${line}\nended with ${code} instead of ${exit}\n${output}`);
    return output;
  };
  await types(`login ${ebb.urls.platform} --with-token`, 0, who.token);
  return types;
}

function run(line: string, at: { folder: string; home: string; input: string }): Promise<{ code: number; output: string }> {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  const { EBB_DATA: _data, EBB_SERVER: _server, EBB_TOKEN: _token, ...env } = process.env;
  const own = { HOME: at.home, XDG_CONFIG_HOME: join(at.home, "config"), NO_COLOR: "1", NODE_COMPILE_CACHE: COMPILE_CACHE };
  return new Promise((resolve) => {
    const child = execFile(LAUNCHER, words, { cwd: at.folder, env: { ...env, ...own } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, output: stdout + stderr }),
    );
    child.stdin?.end(at.input);
  });
}
