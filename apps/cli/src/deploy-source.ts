import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client, Operation } from "@ebb/api";
import type { Context } from "./context.ts";
import { humanBytes } from "./output/durations.ts";
import { archiveOf } from "./packing/archive.ts";
import { walkSource } from "./packing/walk.ts";

export interface SourceDeployment {
  readonly folder: string;
  /** Wins over the name in ebb.yaml. */
  readonly name: string | undefined;
  readonly defaultName: string;
  readonly noTraffic: boolean;
  readonly team?: string | undefined;
  readonly environment?: string | undefined;
  readonly commit?: string | undefined;
}

/** Packs a folder and sends it while it is packed; returns the operation that the platform has begun. */
export async function deploySource(context: Context, client: Client, deployment: SourceDeployment): Promise<Operation> {
  const { progress, host } = context;
  const began = host.clock.monotonic();
  progress.busy(`packing ${deployment.folder}`);
  const tree = await walkSource(deployment.folder);
  for (const warning of tree.warnings) progress.warn(warning);
  const files = tree.entries.filter((entry) => entry.kind !== "folder").length;
  const what = `${files} ${files === 1 ? "file" : "files"}, ${humanBytes(tree.bytes)}`;

  let sent = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      sent += chunk.length;
      progress.busy(`sending ${what} (${humanBytes(sent)} so far)`);
      callback(null, chunk);
    },
  });
  let packingFailed: unknown;
  const packing = pipeline(archiveOf(tree), counter).catch((error: unknown) => {
    packingFailed = error;
  });
  try {
    const operation = await client.uploadSource(
      Readable.toWeb(counter) as ReadableStream<Uint8Array>,
      {
        ...(deployment.name === undefined ? { defaultName: deployment.defaultName } : { name: deployment.name }),
        ...(deployment.noTraffic && { noTraffic: true }),
        team: deployment.team,
        environment: deployment.environment,
        commit: deployment.commit,
      },
      { signal: host.interrupted },
    );
    progress.done(`${"send".padEnd(8)} ${what}, ${humanBytes(sent)} packed`, host.clock.monotonic() - began);
    return operation;
  } catch (error) {
    counter.destroy();
    await packing;
    // The request broke because its body did: the file that changed is the cause, not the connection.
    throw packingFailed !== undefined && sent > 0 && isOurs(packingFailed) ? packingFailed : error;
  }
}

/** Destroying the counter ends the pipeline with this code, which says nothing. */
function isOurs(error: unknown): boolean {
  return !(error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE");
}
