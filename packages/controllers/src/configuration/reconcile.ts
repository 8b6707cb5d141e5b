import { rfc3339 } from "@ebb/base";
import { ANNOTATIONS, LABELS, type Configuration, type Revision } from "@ebb/kube";
import type { EventNote } from "../engine/events.ts";
import { CONFIGURATION_CONDITIONS as conditions } from "./conditions.ts";
import { makeRevision } from "./resources.ts";
import { nameTaken, revisionName } from "./revision-name.ts";

export interface ConfigurationObserved {
  configuration: Configuration;
  /** All Revisions that it controls. */
  revisions: readonly Revision[];
  /** The Revision of the name that the template chose, whoever's it is. */
  named: Revision | undefined;
  now: number;
}

export interface ConfigurationPlan {
  create?: Revision;
  /** Revisions that were overtaken before they ever got traffic: nothing waits for them any more. */
  retire: Revision[];
  status: Configuration["status"];
  notes: EventNote[];
}

/** What a Configuration needs done; after knative's pkg/reconciler/configuration/configuration.go. */
export function planConfiguration(observed: ConfigurationObserved): ConfigurationPlan {
  const { configuration, revisions, named, now } = observed;
  const before = configuration.status ?? {};
  const { generation } = configuration.metadata;
  const status: NonNullable<Configuration["status"]> = {
    ...before,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const plan: ConfigurationPlan = { retire: [], status, notes: [] };
  let marks = conditions.initialize(before.conditions, now);
  const finish = () => ({ ...plan, status: { ...status, conditions: marks } });

  if (nameTaken(configuration, named)) {
    const message = `revisions.serving.knative.dev "${named?.metadata.name ?? ""}" already exists`;
    return { ...plan, status: creationFailed(configuration, message, now) };
  }
  const latest = revisions.find((revision) => belongsTo(revision, configuration));
  if (!latest) {
    plan.create = makeRevision(configuration, rfc3339(now));
    marks = conditions.markUnknown(marks, "Ready", { reason: "", message: "" }, now);
    status.latestCreatedRevisionName = plan.create.metadata.name;
    return finish();
  }
  status.latestCreatedRevisionName = latest.metadata.name;
  plan.retire = revisions.filter((revision) => isOvertaken(revision, latest)).map((revision) => retired(revision, now));

  const cause = latest.status?.conditions?.find(({ type }) => type === "Ready");
  if (cause?.status === "True" && !before.latestReadyRevisionName)
    plan.notes.push({ type: "Normal", reason: "ConfigurationReady", message: "Configuration becomes ready" });
  const ready = newestReady(revisions, before.latestReadyRevisionName, latest);
  if (ready) status.latestReadyRevisionName = ready.metadata.name;
  if (ready && ready.metadata.name !== before.latestReadyRevisionName) {
    plan.notes.push({
      type: "Normal",
      reason: "LatestReadyUpdate",
      message: `LatestReadyRevisionName updated to "${ready.metadata.name}"`,
    });
  }
  if (cause?.status === "True") marks = conditions.markTrue(marks, "Ready", now);
  else if (cause?.status === "False") {
    const message = `Revision "${latest.metadata.name}" failed with message: ${cause.message ?? ""}.`;
    marks = conditions.markFalse(marks, "Ready", { reason: "RevisionFailed", message }, now);
    if (!sameCause(before, message)) plan.notes.push(failureNote(latest.metadata.name, before.latestReadyRevisionName));
  } else marks = conditions.markUnknown(marks, "Ready", { reason: "", message: "" }, now);
  if (!ready && before.latestReadyRevisionName) {
    const message = `Revision "${before.latestReadyRevisionName}" was deleted.`;
    if (!revisions.some(({ metadata }) => metadata.name === before.latestReadyRevisionName)) {
      delete status.latestReadyRevisionName;
      if (cause?.status !== "False") marks = conditions.markFalse(marks, "Ready", { reason: "RevisionDeleted", message }, now);
    }
  }
  return finish();
}

/** The status when the Revision of this generation cannot be made. */
export function creationFailed({ metadata, status }: Configuration, why: string, now: number): NonNullable<Configuration["status"]> {
  const cause = { reason: "RevisionFailed", message: `Revision creation failed with message: ${why}.` };
  const marks = conditions.initialize(status?.conditions, now);
  return {
    ...status,
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    conditions: conditions.markFalse(marks, "Ready", cause, now),
  };
}

function failureNote(name: string, latestReady: string | undefined): EventNote {
  const which = name === latestReady ? "ready" : "created";
  const reason = which === "ready" ? "LatestReadyFailed" : "LatestCreatedFailed";
  return { type: "Warning", reason, message: `Latest ${which} revision ${JSON.stringify(name)} has failed` };
}

function sameCause(status: NonNullable<Configuration["status"]>, message: string): boolean {
  return conditions.get(status.conditions, "Ready")?.message === message;
}

/** By generation, or by the name that the template chose: an edit of labels alone must not ask for another name. */
function belongsTo({ metadata }: Revision, configuration: Configuration): boolean {
  const { name } = configuration.spec.template.metadata ?? {};
  if (name) return metadata.name === name;
  return (
    metadata.labels?.[LABELS.configurationGeneration] === String(configuration.metadata.generation) ||
    metadata.name === revisionName(configuration)
  );
}

export function generationOf({ metadata }: Revision): number {
  return Number(metadata.labels?.[LABELS.configurationGeneration] ?? 0);
}

function isReady({ status }: Revision): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/**
 * The latest one if it is ready, whatever its generation: a template may name an old Revision again. Else the newest ready one
 * before it, and never an older one than was the latest ready before.
 */
function newestReady(revisions: readonly Revision[], before: string | undefined, latest: Revision): Revision | undefined {
  if (isReady(latest)) return latest;
  const previous = revisions.find(({ metadata }) => metadata.name === before);
  const from = previous ? generationOf(previous) : 0;
  const candidates = revisions
    .filter((revision) => isReady(revision) && generationOf(revision) >= from && generationOf(revision) <= generationOf(latest))
    .sort((a, b) => generationOf(b) - generationOf(a));
  return candidates[0] ?? previous;
}

function isOvertaken(revision: Revision, latest: Revision): boolean {
  const { labels } = revision.metadata;
  return labels?.[LABELS.routingState] === "pending" && generationOf(revision) < generationOf(latest) && !isReady(revision);
}

function retired(revision: Revision, now: number): Revision {
  const labels = { ...revision.metadata.labels, [LABELS.routingState]: "reserve" };
  const annotations = { ...revision.metadata.annotations, [ANNOTATIONS.routingStateModified]: rfc3339(now) };
  return { ...revision, metadata: { ...revision.metadata, labels, annotations } };
}
