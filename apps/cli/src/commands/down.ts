import { defineCommand } from "../command.ts";
import { serverProcess, stopServer } from "../server/process.ts";

export const downCommand = defineCommand({
  name: "down",
  summary: "Stops the platform of this machine and waits until it has stopped",
  description:
    "Requests in flight are finished first. Applications, versions and traffic are kept: `ebb up` brings them back as they were.",
  args: {},
  options: {},
  uses: "data-folder",
  examples: [{ run: "ebb down", what: "Nothing of it runs any more afterwards" }],
  async run(context) {
    const { host, progress } = context;
    const pid = await serverProcess(context.dataFolder);
    if (pid === undefined) {
      context.output.lines([`Ebb is not running with the data folder ${context.dataFolder}.`]);
      return;
    }
    const began = host.clock.monotonic();
    progress.busy(`stopping Ebb (process ${pid})`);
    await stopServer(pid, host.clock, host.interrupted);
    progress.done("Ebb has stopped", host.clock.monotonic() - began);
  },
});
