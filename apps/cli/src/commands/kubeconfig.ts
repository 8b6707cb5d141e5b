import { runningServer } from "../data-folder.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

export const kubeconfigCommand = defineCommand({
  name: "kubeconfig",
  summary: "Prints the kubeconfig of the cluster, for kubectl and kn",
  args: {},
  options: { path: { kind: "flag", summary: "Print where it is on this machine instead" } },
  uses: "platform",
  examples: [
    { run: "kubectl --kubeconfig $(ebb kubeconfig --path) get ksvc", what: "The applications as Knative Services" },
    { run: "ebb kubeconfig --server http://ebb.example.com:8090 > ebb.kubeconfig", what: "From another machine" },
  ],
  async run(context, { options }) {
    if (!options.path) {
      const client = await context.connect();
      context.output.raw(await client.kubeconfig());
      return;
    }
    const server = await runningServer(context.dataFolder);
    if (!server) {
      throw new Failure(`Ebb is not running with the data folder ${context.dataFolder}`, {
        exit: EXIT.unreachable,
        hint: "Start it with `ebb up`.",
      });
    }
    context.output.lines([server.kubeconfig]);
  },
});
