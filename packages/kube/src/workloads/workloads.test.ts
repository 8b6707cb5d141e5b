import { describe, expect, test } from "vitest";
import { admit } from "../admit.ts";
import { PodTemplates, ReplicationControllers } from "../kinds/core.ts";
import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import { ControllerRevisions, CronJobs, DaemonSets, Deployments, Jobs, ReplicaSets, StatefulSets } from "../kinds/workloads.ts";
import type { KubeObject } from "../meta.ts";
import { scheduleFault, timeZoneFault } from "./cron-schedule.ts";

const CONTAINER = { name: "c", image: "i" };
const labels = { app: "a" };
const selector = { matchLabels: labels };
const template = { metadata: { labels }, spec: { containers: [CONTAINER] } };
const once = { spec: { containers: [CONTAINER], restartPolicy: "Never" } };

const made = (kind: Kind, fields: object): KubeObject => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  metadata: { name: "x", uid: "u" },
  ...fields,
});

function admitted(kind: Kind, fields: object, old?: object): Record<string, unknown> {
  return { ...admit(kind, made(kind, fields), { user: "ann", ...(old ? { old: made(kind, old) } : {}) }) };
}

function refusal(kind: Kind, fields: object, old?: object): string | undefined {
  try {
    admitted(kind, fields, old);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^\S+ "x" is invalid: /, "");
  }
}

test("a template's Pod is filled in as Kubernetes does", () => {
  const containers = [
    {
      ...CONTAINER,
      image: "example.com:5000/app:1",
      env: [{ name: "N", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      readinessProbe: { httpGet: { port: 80 } },
    },
    { ...CONTAINER, name: "d", image: "app" },
  ];
  const volumes = [
    { name: "m", configMap: { name: "m" } },
    { name: "p", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
  ];
  expect(admitted(PodTemplates, { template: { spec: { containers, volumes, serviceAccountName: "robot" } } })).toMatchObject({
    template: {
      spec: {
        containers: [
          {
            imagePullPolicy: "IfNotPresent",
            terminationMessagePath: "/dev/termination-log",
            resources: {},
            env: [{ valueFrom: { fieldRef: { apiVersion: "v1" } } }],
            readinessProbe: { httpGet: { path: "/", scheme: "HTTP" }, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 },
          },
          { imagePullPolicy: "Always" },
        ],
        volumes: [
          { configMap: { defaultMode: 420 } },
          { projected: { defaultMode: 420, sources: [{ serviceAccountToken: { expirationSeconds: 3600 } }] } },
        ],
        restartPolicy: "Always",
        dnsPolicy: "ClusterFirst",
        terminationGracePeriodSeconds: 30,
        serviceAccount: "robot",
        schedulerName: "default-scheduler",
      },
    },
  });
});

describe("defaults", () => {
  test.each<[Kind, object, object]>([
    [
      Deployments,
      { selector, template },
      {
        replicas: 1,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%" } },
      },
    ],
    [ReplicaSets, { selector, template }, { replicas: 1 }],
    [ReplicationControllers, { template }, { replicas: 1, selector: labels }],
    [
      StatefulSets,
      { selector, template, volumeClaimTemplates: [{ metadata: { name: "d" }, spec: {} }] },
      {
        podManagementPolicy: "OrderedReady",
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
        volumeClaimTemplates: [{ kind: "PersistentVolumeClaim", spec: { volumeMode: "Filesystem" }, status: { phase: "Pending" } }],
      },
    ],
    [DaemonSets, { selector, template }, { updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } } }],
    [
      Jobs,
      { template: once },
      {
        completions: 1,
        parallelism: 1,
        backoffLimit: 6,
        suspend: false,
        completionMode: "NonIndexed",
        selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "u" } },
        template: { metadata: { labels: { "job-name": "x", "batch.kubernetes.io/job-name": "x", "controller-uid": "u" } } },
      },
    ],
    [
      CronJobs,
      { schedule: "@daily", jobTemplate: { spec: { template: once } } },
      { concurrencyPolicy: "Allow", suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
    ],
  ])("%o", (kind, spec, expected) => {
    const first = admitted(kind, { spec });
    expect(first).toMatchObject({ spec: expected });
    // What was filled in stays as it is.
    expect(admitted(kind, { spec: first["spec"] }, { spec: first["spec"] })["spec"]).toEqual(first["spec"]);
  });
});

describe("refusals in Kubernetes' words", () => {
  const full = { selector, template };
  const other = { ...template, metadata: { labels: { app: "b" } } };
  const MISMATCH =
    'spec.template.metadata.labels: Invalid value: map[string]string{"app":"b"}: `selector` does not match template `labels`';
  const FIXED =
    'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"b"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable';
  const moved = { selector: { matchLabels: { app: "b" } }, template: other };

  test.each<[string, Kind, object, string | undefined, object?]>([
    ["a right Deployment", Deployments, full, undefined],
    ["no selector", Deployments, { template }, "spec.selector: Required value"],
    ["another's labels", Deployments, { selector, template: other }, MISMATCH],
    ["a Deployment that moves", Deployments, moved, FIXED, full],
    ["fewer than none", Deployments, { ...full, replicas: -1 }, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
    [
      "Pods that end",
      Deployments,
      { ...full, template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      "a rollout that cannot move",
      Deployments,
      { ...full, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } } },
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    ],
    [
      "more than all",
      Deployments,
      { ...full, strategy: { rollingUpdate: { maxSurge: "101%" } } },
      'spec.strategy.rollingUpdate.maxSurge: Invalid value: "101%": must not be greater than 100%',
    ],
    ["no containers", ReplicaSets, { selector, template: { ...template, spec: {} } }, "spec.template.spec.containers: Required value"],
    [
      "nothing selected",
      DaemonSets,
      { ...full, selector: {} },
      "spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: empty selector is invalid for daemonset",
    ],
    ["no template", ReplicationControllers, { selector: labels }, "spec.template: Required value"],
    [
      "mounts of its claims",
      StatefulSets,
      { ...full, template: { ...template, spec: { containers: [{ ...CONTAINER, volumeMounts: [{ name: "d", mountPath: "/d" }] }] } } },
      undefined,
    ],
    [
      "a StatefulSet's name of its Service",
      StatefulSets,
      { ...full, serviceName: "b" },
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      { ...full, serviceName: "a" },
    ],
    [
      "a Job that goes on for ever",
      Jobs,
      { template },
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      "an indexed Job without an end",
      Jobs,
      { template: once, completionMode: "Indexed", parallelism: 2 },
      "spec.completions: Required value: when completion mode is Indexed",
    ],
    ["no schedule", CronJobs, { jobTemplate: { spec: { template: once } } }, "spec.schedule: Required value"],
    [
      "a schedule that is none",
      CronJobs,
      { schedule: "* *", timeZone: "Mars/Base", jobTemplate: { spec: { template: once } } },
      '[spec.schedule: Invalid value: "* *": expected exactly 5 fields, found 2: [* *], spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base]',
    ],
  ])("%s", (...[, kind, spec, expected, old]) => {
    const before = old ? admitted(kind, { spec: old }) : undefined;
    expect(refusal(kind, { spec }, before)).toBe(expected);
  });

  test("a Job's template is fixed unless it waits", () => {
    const changed = { template: { spec: { ...once.spec, containers: [{ ...CONTAINER, image: "j" }] } } };
    const before = admitted(Jobs, { spec: { template: once } })["spec"] as object;
    const { metadata } = (before as { template: { metadata: object } }).template;
    const after = { ...before, template: { ...changed.template, metadata } };
    expect(refusal(Jobs, { spec: after }, { spec: before })).toBe('spec.template: Invalid value: "...": field is immutable');
    expect(refusal(Jobs, { spec: after }, { spec: { ...before, suspend: true } })).toBeUndefined();
  });

  test("what a client written in Go leaves out is no change of what is fixed", () => {
    const [container] = once.spec.containers;
    const explicit = { ...once.spec, hostNetwork: false, containers: [{ ...container, args: [], tty: false }] };
    const job = admitted(Jobs, { spec: { template: { spec: explicit } } })["spec"] as { template: { spec: object } };
    const written = { ...job.template.spec, hostNetwork: undefined, containers: [{ ...container, args: undefined, tty: undefined }] };
    expect(refusal(Jobs, { spec: { ...job, template: { ...job.template, spec: written } } }, { spec: job })).toBeUndefined();
    const set = admitted(StatefulSets, { spec: { selector, template, serviceName: "", volumeClaimTemplates: [] } });
    expect(refusal(StatefulSets, { spec: { selector, template } }, set)).toBeUndefined();
  });

  test("a ControllerRevision's data is fixed", () => {
    expect(refusal(ControllerRevisions, { revision: 1 })).toBe("data: Required value: data is mandatory");
    expect(refusal(ControllerRevisions, { revision: 1, data: { a: 2 } }, { data: { a: 1 } })).toContain("data: Invalid value");
  });
});

test("whoever writes what nothing acts on is told so", () => {
  const warnings: string[] = [];
  admit(StatefulSets, made(StatefulSets, { spec: { selector, template } }), { user: "ann", warn: (text) => warnings.push(text) });
  admit(ControllerRevisions, made(ControllerRevisions, { data: {} }), { user: "ann", warn: (text) => warnings.push(text) });
  expect(warnings).toEqual([
    "StatefulSet is stored, but nothing acts on it: no Pod is started. What runs here are Knative Services (serving.knative.dev/v1).",
  ]);
});

test.each([
  ["*/5 0-12 1,15 jan-jun MON", undefined],
  ["@every 1h30m", undefined],
  ["@every soon", 'failed to parse duration @every soon: time: invalid duration "soon"'],
  ["@often", "unrecognized descriptor: @often"],
  ["60 * * * *", "end of range (60) above maximum (59): 60"],
  ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
  ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
  ["*/0 * * * *", "step of range should be a positive number: */0"],
  ["x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ["1/2/3 * * * *", "too many slashes: 1/2/3"],
  ["TZ=UTC * * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"],
])("the schedule %j", (schedule, fault) => {
  expect(scheduleFault(schedule)).toBe(fault);
});

test.each([
  ["Asia/Shanghai", undefined],
  ["", "timeZone must be nil or non-empty string"],
  ["Local", "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"],
])("the time zone %j", (zone, fault) => {
  expect(timeZoneFault(zone)).toBe(fault);
});
