import type { ApiServerOptions } from "@ebb/apiserver";
import type { Controllers, WhatIf } from "@ebb/controllers";

/** What Ebb's own cluster tells beside its objects, by kind and subresource; a real cluster has none of it. */
export function clusterViews(controllers: () => Controllers): NonNullable<ApiServerOptions["views"]> {
  const key = (namespace: string, name: string) => `${namespace}/${name}`;
  return {
    "podautoscalers/decisions": (namespace, name) => decisionList(controllers().decisions(key(namespace, name))),
    "podautoscalers/coldstarts": (namespace, name) => coldStartList(controllers().coldStarts(key(namespace, name))),
    "podautoscalers/whatif": async (namespace, name, query) => whatIfAnswer(await controllers().whatIf(key(namespace, name), query)),
    "routes/requests": async (namespace, name) => requestList(await controllers().requests(key(namespace, name))),
    "routes/mirrors": (namespace, name) => mirrorList(controllers().mirrors(key(namespace, name))),
    "routes/explain": (namespace, name, query) => explanation(controllers().explain("routes", { namespace, name }, query)),
    "virtualservices/explain": (namespace, name, query) =>
      explanation(controllers().explain("virtualservices", { namespace, name }, query)),
  };
}

/** As `GET …/podautoscalers/NAME/decisions` answers; Ebb's own, a real Knative has none. */
function decisionList(decisions: ReturnType<Controllers["decisions"]>): unknown {
  const items = decisions.map((decision) => ({
    ...decision,
    time: new Date(decision.time).toISOString(),
    until: new Date(decision.until).toISOString(),
  }));
  return { kind: "ScalingDecisionList", apiVersion: "autoscaling.internal.knative.dev/v1alpha1", items };
}

/** As `GET …/podautoscalers/NAME/coldstarts` answers; Ebb's own too. */
function coldStartList(starts: ReturnType<Controllers["coldStarts"]>): unknown {
  const items = starts.map(({ time, from, waited, instance, decision, phases, firstByte, total }) => ({
    time: new Date(time).toISOString(),
    instance,
    from,
    waited,
    phases: Object.fromEntries(Object.entries({ decision, ...phases, firstByte }).map(([phase, ms]) => [phase, tenths(ms)])),
    total: tenths(total),
  }));
  return { kind: "ColdStartList", apiVersion: "autoscaling.internal.knative.dev/v1alpha1", items };
}

/** As `GET …/podautoscalers/NAME/whatif` answers; Ebb's own too. */
function whatIfAnswer({ from, until, starts, inForce, asked, ...rest }: WhatIf): unknown {
  const time = (second: number) => new Date(second * 1000).toISOString();
  const side = ({ policy: { stableWindow, ...policy }, outcome }: WhatIf["inForce"]) => ({
    policy: { ...policy, windowSeconds: stableWindow / 1000 },
    outcome,
  });
  return {
    kind: "WhatIf",
    apiVersion: "autoscaling.internal.knative.dev/v1alpha1",
    ...rest,
    from: time(from),
    until: time(until),
    startSeconds: starts,
    inForce: side(inForce),
    asked: side(asked),
  };
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/** As `GET …/routes/NAME/requests` answers; Ebb's own too. */
function requestList(requests: Awaited<ReturnType<Controllers["requests"]>>): unknown {
  const items = requests.map((request) => ({ ...request, time: new Date(request.time).toISOString() }));
  return { kind: "RecordedRequestList", apiVersion: "networking.internal.knative.dev/v1alpha1", items };
}

/** As `GET …/routes/NAME/mirrors` answers; Ebb's own too. */
function mirrorList(mirrors: ReturnType<Controllers["mirrors"]>): unknown {
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  const nameOf = (revision: string) => revision.slice(revision.indexOf("/") + 1);
  const items = mirrors.map(({ since, until, main, shadow, samples, ...rest }) => ({
    ...rest,
    main: nameOf(main),
    shadow: nameOf(shadow),
    since: time(since),
    until: time(until),
    samples: samples.map((sample) => ({ ...sample, time: time(sample.time) })),
  }));
  return { kind: "MirrorComparisonList", apiVersion: "networking.internal.knative.dev/v1alpha1", items };
}

/** As `GET …/routes/NAME/explain` answers; Ebb's own, a real cluster has none. */
function explanation(found: ReturnType<Controllers["explain"]>): unknown {
  return { kind: "RouteExplanation", apiVersion: "networking.internal.knative.dev/v1alpha1", ...found };
}
