import { createHash } from "node:crypto";
import { rfc3339, type Clock, type Logger } from "@ebb/base";
import { childName, Events, isStatus, type KubeClient, type KubeEvent, type KubeObject } from "@ebb/kube";

export interface EventNote {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

/** Longest message of a core/v1 Event. */
const LONGEST_MESSAGE = 1024;
/** Notes that wait to be written; more than that at once says nothing new to anybody. */
const MOST_PENDING = 1000;

/**
 * Writes core/v1 Events in the background. There is one Event for an object, a reason and what it is about (the message's first two words: `Created
 * Route`), counted up, and the object owns it: few in number, gone with the object. An Event that cannot be written is only logged.
 */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  #tail: Promise<void> = Promise.resolve();
  #pending = 0;
  #stopped = false;

  constructor(client: KubeClient, clock: Clock, log: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
  }

  note(object: KubeObject, note: EventNote): void {
    if (this.#stopped || this.#pending >= MOST_PENDING) return;
    this.#pending++;
    this.#tail = this.#tail
      .then(() => this.#write(object, note))
      .catch((error: unknown) => {
        // The object or its namespace may be on its way out; that is no news.
        if (!isStatus(error, "NotFound") && !isStatus(error, "Forbidden"))
          this.#log.debug({ error, reason: note.reason }, "an Event could not be written");
      })
      .finally(() => void this.#pending--);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#tail;
  }

  async #write(object: KubeObject, { type, reason, message }: EventNote): Promise<void> {
    const { namespace, name: objectName, uid = "" } = object.metadata;
    const now = rfc3339(this.#clock.now());
    const about = message.split(" ", 2).join(" ");
    const digest = createHash("sha256").update(`${object.kind}/${uid}/${reason}/${about}`).digest("hex");
    const name = childName(objectName, `.${digest.slice(0, 16)}`);
    const text = message.slice(0, LONGEST_MESSAGE);
    const existing = await this.#client.get(Events, namespace, name);
    if (existing) {
      await this.#client.update(Events, { ...existing, message: text, count: existing.count + 1, lastTimestamp: now });
      return;
    }
    const { apiVersion, kind } = object;
    const event: KubeEvent = {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ownerReferences: [{ apiVersion, kind, name: objectName, uid }],
      },
      involvedObject: { apiVersion, kind, name: objectName, uid, ...(namespace === undefined ? {} : { namespace }) },
      reason,
      message: text,
      type,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: `${kind.toLowerCase()}-controller` },
    };
    await this.#client.create(Events, event);
  }
}
