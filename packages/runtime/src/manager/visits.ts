import type { Duplex } from "node:stream";
import { UserError, type Clock } from "@ebb/base";
import { splitPartId } from "../pods/parts.ts";
import type { Driver, InstanceSpec, Session, SessionRequest } from "../port.ts";
import { Attendance } from "./attendance.ts";
import { connectTo } from "./connect.ts";
import type { ManagedInstance } from "./managed-instance.ts";

export interface VisitsDeps {
  clock: Clock;
  find(id: string): ManagedInstance | undefined;
  driverOf(instance: ManagedInstance): Driver;
  /** Why there are fewer instances of the workload than there were. */
  whyFewer(workload: string): string;
}

/** What is opened inside of instances: each keeps its instance on the CPU until it is over, and counts as somebody who works there. */
export class Visits {
  readonly #deps: VisitsDeps;
  readonly #attendance: Attendance;

  constructor(deps: VisitsDeps) {
    this.#deps = deps;
    this.#attendance = new Attendance(deps.clock);
  }

  openSession(id: string, request: SessionRequest): Promise<Session> {
    return this.#within(
      id,
      async (driver, { workload }) =>
        this.#attendance.session(workload, await driver.openSession(id, request), () => this.#farewell(id, workload)),
      (session, release) => void session.ended.then(release),
    );
  }

  connect(id: string, port?: number): Promise<Duplex> {
    const open = async (driver: Driver, spec: InstanceSpec) =>
      this.#attendance.connection(spec.workload, await connectTo(await driver.reach(id, port ?? spec.port), this.#deps.clock));
    return this.#within(id, open, (socket, release) => void socket.once("close", release));
  }

  attended(workload: string): boolean {
    return this.#attendance.has(workload);
  }

  /** Why a command in it was ended, if it was. */
  #farewell(id: string, workload: string): string | undefined {
    const instance = this.#deps.find(id);
    if (instance && instance.phase !== "draining" && instance.phase !== "ended") return undefined;
    return `ebb: the instance ${splitPartId(id).main} was stopped: ${this.#deps.whyFewer(workload)}`;
  }

  async #within<T>(
    id: string,
    open: (driver: Driver, spec: InstanceSpec) => Promise<T>,
    whenOver: (opened: T, release: () => void) => void,
  ): Promise<T> {
    const instance = this.#deps.find(id);
    if (!instance) throw new UserError("InstanceNotFound", `there is no instance ${id}`);
    const release = await instance.hold();
    try {
      const opened = await open(this.#deps.driverOf(instance), instance.spec);
      whenOver(opened, release);
      return opened;
    } catch (error) {
      release();
      throw error;
    }
  }
}
