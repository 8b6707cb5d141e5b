import type { App, AppEnvironment } from "@ebb/api";
import type { Style } from "../output/style.ts";
import { renderFacts } from "../output/table.ts";
import type { ReadyEvent } from "./events.ts";

/** What `ebb up` ends with: where everything is, and the next three things to try. `ebb` is how the command is called from here. */
export function upSummary(ready: ReadyEvent, apps: readonly App[], { style, ebb }: { style: Style; ebb: string }): string[] {
  const places = apps.flatMap((app) => app.environments);
  const lines = [
    "",
    ...renderFacts(
      places.map((place): [string, string] => [place.app, `${style.link(place.url)}${note(place, style)}`]),
      style,
    ),
  ];
  if (apps.length > 0) lines.push("");
  lines.push(
    ...renderFacts(
      [
        ["Console", style.link(ready.console)],
        ["Kubeconfig", ready.kubeconfig],
      ],
      style,
    ),
  );
  return [...lines, "", style.bold("Next:"), ...nextSteps(places, ebb)];
}

function note(app: AppEnvironment, style: Style): string {
  if (app.state === "ready") return "";
  return app.state === "failed" ? `   ${style.bad("failed")} ${app.message}` : `   ${style.dim(app.state)}`;
}

function nextSteps(apps: readonly AppEnvironment[], ebb: string): string[] {
  const first = apps.find((app) => app.state === "ready" || app.state === "asleep");
  const steps: [string, string][] = [
    first ? [`curl ${first.url}`, "wakes it if it is asleep"] : [`${ebb} doctor`, "what this machine can and cannot do"],
    [`${ebb} deploy YOUR-FOLDER`, "your own application, from source"],
    first ? [`${ebb} logs ${first.app} -f`, "what it writes, as it comes"] : [`${ebb} --help`, "all commands"],
  ];
  const width = Math.max(...steps.map(([command]) => command.length));
  return steps.map(([command, what]) => `  ${command.padEnd(width)}   ${what}`);
}
