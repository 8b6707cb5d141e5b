import { createHash } from "node:crypto";
import { rfc3339, sleep, type Clock, type Logger } from "@ebb/base";
import { childName, Events, isStatus, type KubeClient, type KubeEvent, type KubeObject } from "@ebb/kube";

export interface EventNote {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

/** Longest message of a core/v1 Event. */
const LONGEST_MESSAGE = 1024;
/** Events that wait to be written: of some thousand Services that are made at once. */
const MOST_PENDING = 20_000;
const MOST_AT_STOP = 200;
/** Written together, as one at a time each would be a sync of its own. */
const AT_ONCE = 32;
/** Milliseconds from so many to the next ones: a burst's Events are a fourth of its writes, and what they are about comes first. */
const PAUSE = 200;

/** What is to be said of one object with one reason. */
interface Pending {
  /** Of the Event. */
  name: string;
  object: Pick<KubeObject, "apiVersion" | "kind" | "metadata">;
  note: EventNote;
  /** How often it was noted since the last write. */
  times: number;
}

/**
 * Writes core/v1 Events in the background. There is one Event for an object, a reason and what it is about (the message's first two words: `Created
 * Route`), counted up. It goes an hour after it was last written, as on Kubernetes; of an object that was made anew it says another uid. An Event that
 * cannot be written is only logged.
 */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** By the Event's namespace and name; one that is being written is not in it. */
  readonly #pending = new Map<string, Pending>();
  #writing: Promise<void> | undefined;
  readonly #stopping = new AbortController();

  constructor(client: KubeClient, clock: Clock, log: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
  }

  note(object: KubeObject, note: EventNote): void {
    if (this.#stopping.signal.aborted) return;
    const { apiVersion, kind, metadata } = object;
    const { namespace, uid } = metadata;
    const name = eventName(object, note);
    const key = `${namespace ?? ""}/${name}`;
    const pending = this.#pending.get(key);
    if (!pending && this.#pending.size >= MOST_PENDING) return;
    const about = {
      apiVersion,
      kind,
      metadata: { name: metadata.name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) },
    };
    this.#pending.set(key, { name, object: about, note, times: (pending?.times ?? 0) + 1 });
    this.#writing ??= this.#writeAll();
  }

  /** What was noted before is still written, but for the rest of a burst: a stop takes no longer for it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const key of [...this.#pending.keys()].slice(MOST_AT_STOP)) this.#pending.delete(key);
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What one turn notes is written together.
    await Promise.resolve();
    while (this.#pending.size > 0) {
      const some = [...this.#pending].slice(0, AT_ONCE);
      for (const [key] of some) this.#pending.delete(key);
      await Promise.all(some.map(([, pending]) => this.#write(pending).catch((error: unknown) => this.#failed(pending, error))));
      if (this.#pending.size > 0) await sleep(this.#clock, PAUSE, this.#stopping.signal).catch(() => undefined);
    }
    this.#writing = undefined;
  }

  #failed({ note }: Pending, error: unknown): void {
    // The object or its namespace may be on its way out; that is no news.
    if (!isStatus(error, "NotFound") && !isStatus(error, "Forbidden"))
      this.#log.debug({ error, reason: note.reason }, "an Event could not be written");
  }

  async #write({ name, object, note, times }: Pending): Promise<void> {
    const { namespace, name: objectName, uid = "" } = object.metadata;
    const { type, reason, message } = note;
    const now = rfc3339(this.#clock.now());
    const text = message.slice(0, LONGEST_MESSAGE);
    const existing = await this.#client.get(Events, namespace, name);
    if (existing) {
      await this.#client.update(Events, { ...existing, message: text, count: existing.count + times, lastTimestamp: now });
      return;
    }
    const { apiVersion, kind } = object;
    const event: KubeEvent = {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
      },
      involvedObject: { apiVersion, kind, name: objectName, uid, ...(namespace === undefined ? {} : { namespace }) },
      reason,
      message: text,
      type,
      count: times,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: kind === "Pod" ? "kubelet" : `${kind.toLowerCase()}-controller` },
    };
    await this.#client.create(Events, event);
  }
}

function eventName({ kind, metadata: { name, uid = "" } }: Pending["object"], { reason, message }: EventNote): string {
  const about = message.split(" ", 2).join(" ");
  const digest = createHash("sha256").update(`${kind}/${uid}/${reason}/${about}`).digest("hex");
  return childName(name, `.${digest.slice(0, 16)}`);
}
