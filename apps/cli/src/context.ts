import type { Format } from "./common-options.ts";
import type { RawInput } from "./command.ts";
import { connect, type Connection } from "./connection.ts";
import { dataFolder } from "./data-folder.ts";
import type { Host } from "./host.ts";
import { Output } from "./output/output.ts";
import { Progress } from "./output/progress.ts";

/** Everything that a command may touch. */
export interface Context {
  readonly host: Host;
  /** Results. */
  readonly output: Output;
  /** What goes on, and notes. */
  readonly progress: Progress;
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  readonly dataFolder: string;
  /** The platform; throws Failure `unreachable` when none is known. */
  connect(): Promise<Connection>;
}

export async function createContext(host: Host, options: RawInput["options"]): Promise<Context> {
  const text = (name: string) => (typeof options[name] === "string" ? options[name] : undefined);
  const data = text("data");
  return {
    host,
    output: await Output.open(host, (text("output") as Format | undefined) ?? "text"),
    progress: new Progress(host),
    interactive: host.stdin.isTTY === true && host.stderr.isTTY === true && !host.env["CI"],
    dataFolder: dataFolder(host, data),
    connect: () => connect(host, { server: text("server"), data }),
  };
}
