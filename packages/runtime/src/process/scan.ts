import { readdirSync } from "node:fs";
import type { InstanceSpec } from "../port.ts";
import { InstanceFolder, type EndRecord, type RunRecord } from "./instance-folder.ts";

/** `started`: it runs, or ended while nobody looked. `rest`: its program never ran, as the record of its process is written before that. */
export type Found =
  | { kind: "started"; id: string; spec: InstanceSpec; run: RunRecord }
  | { kind: "ended"; id: string; spec: InstanceSpec; end: EndRecord; startedAt: number }
  | { kind: "rest"; id: string };

/** What is on disk of instances that are not `known`. Names with a leading dot are the driver's own. */
export function* scanInstances(root: string, known: (id: string) => boolean): Generator<Found> {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const id = entry.name;
    if (!entry.isDirectory() || id.startsWith(".") || known(id)) continue;
    const { spec, run, end } = new InstanceFolder(root, id).read();
    if (spec && end) yield { kind: "ended", id, spec, end, startedAt: run?.startedAt ?? end.exit.finishedAt };
    else if (spec && run) yield { kind: "started", id, spec, run };
    else yield { kind: "rest", id };
  }
}
