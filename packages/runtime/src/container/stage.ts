import type Docker from "dockerode";
import type { Fate } from "./releases.ts";

/** `made`: never initialised. `untold`: what the engine takes for initialised runs, or has ended. */
export type Stage = "made" | "prepared" | "untold" | "running" | "ended" | "ended-untold";

/** As engines call one whose program they have not started, initialised or not. */
const NOT_STARTED = new Set(["created", "configured", "initialized"]);

/** How far a container has come; `fate` is what is known of it past the engine. */
export function stageOf({ State }: Pick<Docker.ContainerInspectInfo, "State">, fate: Fate | undefined): Stage {
  if (State.Running) return "running";
  const started = Date.parse(State.StartedAt) > 0 && !NOT_STARTED.has(State.Status);
  if (started) return "ended";
  if (fate) return fate === "runs" ? "untold" : "ended-untold";
  return State.Pid > 0 ? "prepared" : "made";
}

/** Milliseconds since the epoch; when it was made, of one that the engine does not know to be started. */
export function beganAt({ State, Created }: Pick<Docker.ContainerInspectInfo, "State" | "Created">): number {
  const started = Date.parse(State.StartedAt);
  return started > 0 ? started : Date.parse(Created);
}
