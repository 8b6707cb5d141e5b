import { resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { DATABASE_URL, withDatabase } from "../server/database-url.ts";
import { launchServer } from "../server/launch.ts";
import { StartedServer } from "../server/started.ts";

const DEFAULT_PORT = 8190;

export const platformCommand = defineCommand({
  name: "platform",
  summary: "Runs one more platform beside that of `ebb up`, on the same PostgreSQL",
  description: `The same API and console at an address of its own, until Ctrl-C: start it from a service manager. Operations are taken over from a
platform that is gone within seconds. It shares the data folder of the first one; on another machine, mounted there under the same path.`,
  args: {},
  options: {
    "database-url": { ...DATABASE_URL, summary: "The first one's PostgreSQL; EBB_DATABASE_URL otherwise" },
    "platform-port": { kind: "integer", placeholder: "N", min: 1, max: 65_535, summary: "Where it listens; 8190 otherwise" },
    host: { kind: "text", placeholder: "ADDRESS", summary: "Listen on this address; the first one's otherwise" },
    kubeconfig: { kind: "text", placeholder: "FILE", summary: "How it reaches the cluster; the data folder's otherwise" },
    gateway: { kind: "text", placeholder: "HOST:PORT", summary: "Where it reaches applications; the first one's otherwise" },
  },
  uses: "data-folder",
  examples: [
    { run: "EBB_DATABASE_URL_FILE=/etc/ebb/database ebb platform", what: "On the machine of `ebb up`" },
    {
      run: "ebb platform --data /srv/ebb --host 10.0.0.6 --kubeconfig ebb.kubeconfig --gateway 10.0.0.5:8080",
      what: "On another machine that has the data folder mounted",
    },
  ],
  async run(context, { options }) {
    const { host } = context;
    const port = options["platform-port"] ?? DEFAULT_PORT;
    const args = (["host", "gateway"] as const).flatMap((name) => (options[name] === undefined ? [] : [`--${name}`, options[name]]));
    args.push("--platform-port", String(port));
    if (options.kubeconfig !== undefined) args.push("--kubeconfig", resolve(host.cwd, options.kubeconfig));
    const server = await launchServer(withDatabase(context, options["database-url"]), context.dataFolder, args, `platform-${port}`);
    const follow = new StartedServer(context, server);
    try {
      const ready = await follow.untilReady();
      context.output.lines([`Platform   ${ready.platform}`, `Console    ${ready.console}`]);
      context.progress.line("Ctrl-C stops it.");
      await follow.untilEnded();
    } catch (error) {
      if (!host.interrupted.aborted) throw error;
      await follow.stop();
    }
  },
});
