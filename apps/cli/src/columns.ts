import type { App, AppEnvironment, Instance, MetricsSummary, Operation, ScalingDecision, Version } from "@ebb/api";
import { ageOf, clockTime } from "./output/durations.ts";
import { colourState } from "./output/style.ts";
import type { Column } from "./output/table.ts";

/** An app in one of its environments; without one when it is in none. */
export interface AppRow {
  readonly app: App;
  readonly place?: AppEnvironment;
}

export function appRows(apps: readonly App[]): AppRow[] {
  return apps.flatMap((app): AppRow[] => (app.environments.length === 0 ? [{ app }] : app.environments.map((place) => ({ app, place }))));
}

/** How each kind of thing is shown in a table; `now` is milliseconds since the epoch. */
export function appColumns(now: number): Column<AppRow>[] {
  return [
    { header: "NAME", value: ({ app }) => app.name, style: (text, style) => style.bold(text) },
    { header: "ENV", value: ({ place }) => place?.environment ?? "-" },
    { header: "STATE", value: ({ place }) => place?.state ?? "empty", style: stateStyle },
    { header: "URL", value: ({ place }) => place?.url ?? "", style: (text, style) => style.link(text) },
    { header: "TRAFFIC", value: ({ place }) => (place ? trafficText(place) : "-") },
    { header: "INSTANCES", value: ({ place }) => place?.instances ?? 0, align: "right" },
    { header: "AGE", value: ({ app, place }) => ageOf((place ?? app).createdAt, now), align: "right" },
    { header: "TEAM", wide: true, value: ({ app }) => app.team },
    { header: "KIND", wide: true, value: ({ app }) => app.kind },
    { header: "LATEST", wide: true, value: ({ place }) => place?.latestVersion ?? "-" },
    { header: "CHANGED", wide: true, value: ({ app, place }) => ageOf((place ?? app).updatedAt, now), align: "right" },
    { header: "MESSAGE", wide: true, value: ({ place }) => place?.message ?? "" },
  ];
}

export function versionColumns(now: number): Column<Version>[] {
  return [
    { header: "VERSION", value: (version) => version.name, style: (text, style) => style.bold(text) },
    { header: "STATE", value: (version) => version.state, style: stateStyle },
    { header: "TRAFFIC", value: (version) => (version.percent === 0 ? "-" : `${version.percent} %`), align: "right" },
    { header: "INSTANCES", value: (version) => version.instances, align: "right" },
    {
      header: "FROM",
      value: ({ promotedFrom, detectedFrom }) => (promotedFrom ? `${promotedFrom.version} of ${promotedFrom.environment}` : detectedFrom),
    },
    { header: "AGE", value: (version) => ageOf(version.createdAt, now), align: "right" },
    { header: "PINNED", wide: true, value: (version) => version.pinned ?? "" },
    { header: "BY", wide: true, value: (version) => version.createdBy },
    { header: "COMMIT", wide: true, value: (version) => version.commit?.slice(0, 12) ?? "-" },
    { header: "PREVIEW", wide: true, value: (version) => version.previewUrl ?? "-" },
    { header: "IMAGE", wide: true, value: (version) => version.image },
    { header: "MESSAGE", value: (version) => version.message },
  ];
}

export function instanceColumns(now: number): Column<Instance>[] {
  return [
    { header: "INSTANCE", value: (instance) => instance.id },
    { header: "VERSION", value: (instance) => instance.version },
    { header: "PHASE", value: (instance) => instance.phase },
    { header: "READY", value: (instance) => (instance.ready ? "yes" : "no") },
    { header: "RESTARTS", value: (instance) => instance.restarts, align: "right" },
    { header: "AGE", value: (instance) => ageOf(instance.startedAt, now), align: "right" },
    { header: "MESSAGE", value: (instance) => instance.message },
  ];
}

function countOf(counts: Readonly<Record<string, number>>, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
}

/** What was counted, of versions or of points in time: `first` says of which. `seconds`: how long each row lasted. */
export function metricsColumns<T extends MetricsSummary>(first: Column<T>, seconds: number): Column<T>[] {
  const milliseconds = (value: number | null) => (value === null ? "-" : `${value < 10 ? value : Math.round(value)} ms`);
  const share = ({ errors, requests }: MetricsSummary) =>
    errors === 0 ? "0" : `${errors} (${Math.round((errors / requests) * 1000) / 10} %)`;
  return [
    first,
    { header: "REQUESTS", value: (row) => row.requests, align: "right" },
    { header: "PER SECOND", value: (row) => Math.round((row.requests / seconds) * 100) / 100, align: "right" },
    { header: "ERRORS", value: share, align: "right" },
    { header: "P50", value: (row) => milliseconds(row.p50Ms), align: "right" },
    { header: "P95", value: (row) => milliseconds(row.p95Ms), align: "right" },
    { header: "P99", value: (row) => milliseconds(row.p99Ms), align: "right" },
    { header: "WAITED", value: (row) => row.held, align: "right" },
    { header: "REFUSED", value: ({ interventions }) => countOf(interventions, ["denied", "limited", "overflowed"]), align: "right" },
    { header: "INSTANCES", value: (row) => row.instances, align: "right" },
    ...["denied", "limited", "overflowed", "retried", "ejected"].map((name): Column<T> => {
      return { header: name.toUpperCase(), wide: true, value: ({ interventions }) => countOf(interventions, [name]), align: "right" };
    }),
    { header: "MEAN", wide: true, value: (row) => milliseconds(row.meanMs), align: "right" },
    {
      header: "MEAN WAIT",
      wide: true,
      value: (row) => milliseconds(row.held === 0 ? null : Math.round(row.heldMs / row.held)),
      align: "right",
    },
    { header: "KB IN", wide: true, value: (row) => Math.round(row.requestBytes / 1000), align: "right" },
    { header: "KB OUT", wide: true, value: (row) => Math.round(row.responseBytes / 1000), align: "right" },
  ];
}

export function decisionColumns(now: number): Column<ScalingDecision>[] {
  const figure = (value: number) => String(Math.round(value * 100) / 100);
  return [
    { header: "TIME", value: (decision) => clockTime(decision.time) },
    { header: "AGE", value: (decision) => ageOf(decision.time, now), align: "right" },
    { header: "VERSION", value: (decision) => decision.version },
    {
      header: "INSTANCES",
      value: ({ previous, desired }) => (previous === desired ? `${desired}` : `${previous} → ${desired}`),
      align: "right",
    },
    { header: "CAUSE", value: (decision) => decision.cause },
    { header: "UNTIL", wide: true, value: (decision) => clockTime(decision.until) },
    { header: "TRIGGER", wide: true, value: (decision) => decision.trigger },
    { header: "METRIC", wide: true, value: (decision) => decision.metric },
    { header: "STABLE", wide: true, value: ({ observed }) => figure(observed.stable), align: "right" },
    { header: "PANIC", wide: true, value: ({ observed }) => figure(observed.panic), align: "right" },
    { header: "READY", wide: true, value: ({ observed }) => observed.ready, align: "right" },
    { header: "TARGET", wide: true, value: (decision) => figure(decision.target), align: "right" },
    {
      header: "VOTES",
      wide: true,
      value: ({ votes = [] }) => votes.map(({ strategy, desired }) => `${strategy}=${desired}`).join(", ") || "-",
    },
    { header: "ASKED", wide: true, value: (decision) => decision.recommended, align: "right" },
    { header: "BOUNDS", wide: true, value: ({ bounds }) => `${bounds.min}–${bounds.max === 0 ? "∞" : bounds.max}` },
    { header: "MODE", wide: true, value: (decision) => decision.mode },
    { header: "REASON", value: (decision) => decision.reason },
  ];
}

export function operationColumns(now: number): Column<Operation>[] {
  return [
    { header: "ID", value: (operation) => operation.id },
    { header: "APP", value: (operation) => operation.app || "-" },
    { header: "ENV", value: (operation) => operation.environment || "-" },
    { header: "KIND", value: (operation) => operation.kind },
    { header: "STATE", value: (operation) => operation.state, style: stateStyle },
    { header: "VERSION", value: (operation) => operation.version ?? "-" },
    { header: "AGE", value: (operation) => ageOf(operation.createdAt, now), align: "right" },
    { header: "BY", wide: true, value: (operation) => operation.createdBy },
    { header: "MESSAGE", value: (operation) => operation.failure?.message ?? operation.phases.at(-1)?.message ?? "" },
  ];
}

export function trafficText(app: AppEnvironment): string {
  const serving = app.traffic.filter((target) => target.percent > 0);
  return serving.map((target) => (target.percent === 100 ? target.version : `${target.version} ${target.percent} %`)).join(", ") || "-";
}

const stateStyle: NonNullable<Column<unknown>["style"]> = (text, style) => colourState(style, text.trim()).replace(text.trim(), text);
