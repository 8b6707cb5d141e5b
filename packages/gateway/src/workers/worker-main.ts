/** One thread of a gateway with several: a data plane with ports that it shares with the others. */
import { parentPort, workerData } from "node:worker_threads";
import { assertNever, collectGarbage, systemClock, systemRandom, type Logger, type LogFields, type Timer } from "@ebb/base";
import type { AccessLogEntry } from "../core/access-log.ts";
import { RateTable } from "../core/rate-table.ts";
import { rehearse } from "../rehearsal.ts";
import { Serving, type ServingOptions } from "../serving.ts";
import { SharedCounts } from "./shared-counts.ts";
import type { FromWorker, ToWorker, WorkerAnswer, WorkerSetup } from "./worker-messages.ts";

/** Entries of the access log go to the thread that writes them together. */
const ACCESS_PERIOD = 100;
const ACCESS_BATCH = 500;

const setup = workerData as WorkerSetup;

function tell(message: FromWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
  parentPort?.postMessage(message);
}

function logger(own: LogFields): Logger {
  const line = (level: "debug" | "info" | "warn" | "error") => (fields: LogFields, message: string) =>
    tell({ type: "log", level, fields: { ...own, ...fields }, message });
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: (fields) => logger({ ...own, ...fields }),
  };
}

let entries: AccessLogEntry[] = [];
let timer: Timer | undefined;
function sendEntries(): void {
  timer?.cancel();
  timer = undefined;
  if (entries.length > 0) tell({ type: "access", entries });
  entries = [];
}
function accessLog(entry: AccessLogEntry): void {
  if (entries.push(entry) >= ACCESS_BATCH) sendEntries();
  else timer ??= systemClock.after(ACCESS_PERIOD, sendEntries);
}

/** With the table that the thread was started with, which would otherwise stay for as long as the thread lives. */
function makeServing(options: ServingOptions): Serving {
  const made = new Serving(options);
  if (setup.table) made.load(setup.table, setup.slots);
  delete setup.table;
  delete setup.slots;
  return made;
}

const { table: _, slots: __, ...own } = setup;
const options: ServingOptions = {
  ...own,
  clock: systemClock,
  random: systemRandom,
  log: logger({ worker: setup.worker }),
  accessLog: setup.accessLog ? accessLog : undefined,
  rates: new RateTable(setup.rates),
  counts: new SharedCounts(setup.memory, setup.workers, setup.worker),
};

const serving = makeServing(options);
const ending = new AbortController();
let rehearsed: Promise<void> | undefined;
serving.onWake.on((revision) => tell({ type: "wake", revision }));

function done(id: number, value?: WorkerAnswer): void {
  tell({ type: "done", id, value });
}

async function stop(): Promise<void> {
  ending.abort();
  await Promise.all([serving.stop(), rehearsed]);
  sendEntries();
  // Idle connections to instances would keep the thread. It ends alone: the process goes on.
  process.exit(0);
}

async function rehearseFor(id: number): Promise<void> {
  rehearsed ??= rehearse(options, ending.signal);
  await rehearsed;
  done(id);
}

function receive(message: ToWorker): void {
  switch (message.type) {
    case "apply":
      serving.plane.apply(message.change, message.slots);
      return done(message.id);
    case "drain":
      return serving.plane.drain(message.endpoint, message.timeoutSeconds, (inFlight) => done(message.id, { inFlight }));
    case "stats":
      return done(message.id, { revisions: serving.plane.stats(), totals: serving.totals() });
    case "compact":
      collectGarbage();
      return done(message.id);
    case "rehearse":
      return void rehearseFor(message.id);
    case "repeat-all":
      return serving.plane.repeatAll();
    case "stop":
      return void stop();
    default:
      assertNever(message);
  }
}

try {
  await serving.listen();
  parentPort?.on("message", receive);
  tell({ type: "listening", addresses: serving.addresses(), transport: serving.transport });
} catch (error) {
  tell({ type: "failed", error });
}
