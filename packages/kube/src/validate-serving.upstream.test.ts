import { describe, expect, test } from "vitest";
import { formatFieldErrors } from "./field-error.ts";
import type { Configuration, KnativeService, Revision, RevisionTemplate, Route, TrafficTarget } from "./serving.ts";
import { validateConfiguration, validateRevision, validateRoute, validateService } from "./validate-serving.ts";

/**
 * The tables of knative/serving pkg/apis/serving/{metadata_validation_test.go,v1/{service,configuration,revision,route}_validation_test.go} and
 * pkg/apis/autoscaling/annotation_validation_test.go, row by row; `undefined` is no complaint.
 */
type Row<T = object> = [name: string, parts: T, message: string | undefined];

const said = (errors: Parameters<typeof formatFieldErrors>[0]) => formatFieldErrors(errors) || undefined;
const template = (parts: object = {}, image = "busybox"): RevisionTemplate => ({ ...parts, spec: { containers: [{ image }] } });
const service = (metadata: object, parts: object = {}): KnativeService => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "valid", ...metadata },
  spec: { template: template(), traffic: [{ latestRevision: true, percent: 100 }], ...parts },
});
const configuration = (metadata: object, parts: object = {}, image?: string): Configuration => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Configuration",
  metadata: { name: "byo-name", ...metadata },
  spec: { template: template(parts, image) },
});
const revision = (metadata: object, spec: object = {}): Revision => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Revision",
  metadata: { name: "valid", ...metadata },
  spec: { containers: [{ image: "helloworld" }], ...spec },
});
const route = (traffic: readonly object[], metadata: object = {}): Route => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Route",
  metadata: { name: "valid", ...metadata },
  spec: { traffic: traffic as TrafficTarget[] },
});

const WORDS =
  "[a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')]";
const TOO_LONG = "[must be no more than 63 characters]";
const ANNOTATION_PLACE = 'autoscaling annotations must be put under "spec.template.metadata.annotations" to work';

describe("metadata", () => {
  test.each<Row>([
    ["invalid name - dots", { name: "do.not.use.dots" }, `not a DNS 1035 label: ${WORDS}: metadata.name`],
    ["invalid name - too long", { name: "a".repeat(64) }, `not a DNS 1035 label: ${TOO_LONG}: metadata.name`],
    ["invalid name - trailing dash", { name: "some-name-" }, `not a DNS 1035 label: ${WORDS}: metadata.name`],
    ["valid generateName", { generateName: "some-name" }, undefined],
    ["valid generateName - trailing dash", { generateName: "some-name-" }, undefined],
    ["invalid generateName - dots", { generateName: "do.not.use.dots" }, `not a DNS 1035 label prefix: ${WORDS}: metadata.generateName`],
    [
      "invalid generateName - too long",
      { generateName: "a".repeat(64) },
      `not a DNS 1035 label prefix: ${TOO_LONG}: metadata.generateName`,
    ],
    ["valid knative prefix annotation", { annotations: { "serving.knative.dev/testAnnotation": "value" } }, undefined],
    [
      "only offender, and non-offender",
      { annotations: { "autoscaling.knative.dev/foo": "bar", foo: "bar" } },
      `invalid key name "autoscaling.knative.dev/foo": metadata.annotations\n${ANNOTATION_PLACE}`,
    ],
    ["valid visibility label", { labels: { "networking.knative.dev/visibility": "cluster-local" } }, undefined],
    ["valid non knative label", { labels: { "serving.name": "some-name" } }, undefined],
    [
      "invalid knative label",
      { labels: { "serving.knative.dev/name": "some-value" } },
      'invalid key name "serving.knative.dev/name": metadata.labels',
    ],
    [
      "invalid visibility label value",
      { labels: { "networking.knative.dev/visibility": "bad-label" } },
      "invalid value: bad-label: metadata.labels.networking.knative.dev/visibility",
    ],
  ])("%s", (_, metadata, message) => expect(said(validateService(service(metadata), undefined))).toBe(message));

  const KEY = "serving.knative.dev/rollout-duration";
  test.each<Row<string>>([
    ["empty", "", undefined],
    ["valid", "120s", undefined],
    ["fancy valid", "3h15m21s", undefined],
    ["in ns", "120000000000", `invalid value: 120000000000: metadata.annotations.${KEY}`],
    ["not a valid duration", "five minutes and 6 seconds", `invalid value: five minutes and 6 seconds: metadata.annotations.${KEY}`],
    ["negative", "-211s", `rollout-duration=-211s must be positive: metadata.annotations.${KEY}`],
    ["too precise", "211s44ms", `rollout-duration=211s44ms is not at second precision: metadata.annotations.${KEY}`],
  ])("rollout-duration: %s", (_, value, message) => {
    expect(said(validateService(service({ annotations: { [KEY]: value } }), undefined))).toBe(message);
  });
});

describe("whose it is", () => {
  const owner = (kind: string, name: string) => ({ apiVersion: "serving.knative.dev/v1", kind, name, uid: "u" });
  const asService = { labels: { "serving.knative.dev/service": "test-svc" } };
  const missing = (label: string) => `missing field(s): metadata.labels.serving.knative.dev/${label}`;
  test.each<Row>([
    ["valid knative service name", { ...asService, ownerReferences: [owner("Service", "test-svc")] }, undefined],
    ["without matching owner references", { ...asService, ownerReferences: [owner("Service", "absent-svc")] }, missing("service")],
    [
      "with multiple owner ref",
      { ...asService, ownerReferences: [owner("NewService", "test-new-svc"), owner("Service", "test-svc")] },
      undefined,
    ],
    ["without one", asService, missing("service")],
    ["Mismatch", { ...asService, ownerReferences: [owner("BrandNewService", "brand-new-svc")] }, missing("service")],
  ])("of a Configuration and a Route: %s", (_, metadata, message) => {
    expect(said(validateConfiguration(configuration(metadata), undefined))).toBe(message);
    expect(said(validateRoute(route([{ tag: "bar", revisionName: "foo", percent: 100 }], metadata), undefined))).toBe(message);
  });

  const asConfiguration = { labels: { "serving.knative.dev/configuration": "test-cfg" } };
  test.each<Row>([
    ["valid route name", { labels: { "serving.knative.dev/route": "test-route" } }, undefined],
    ["valid knative service name", { labels: { "serving.knative.dev/service": "test-svc" } }, undefined],
    ["valid generation", { labels: { "serving.knative.dev/configurationGeneration": "1234" } }, undefined],
    ["invalid knative configuration name", asConfiguration, missing("configuration")],
    ["valid knative configuration name", { ...asConfiguration, ownerReferences: [owner("Configuration", "test-cfg")] }, undefined],
    ["another owner", { ...asConfiguration, ownerReferences: [owner("Configuration", "diff-cfg")] }, missing("configuration")],
  ])("of a Revision: %s", (_, metadata, message) => expect(said(validateRevision(revision(metadata), undefined))).toBe(message));
});

describe("a template", () => {
  const percentage = (value: string) => ({ annotations: { "queue.sidecar.serving.knative.dev/resource-percentage": value } });
  const PERCENTAGE = "spec.template.metadata.annotations.[queue.sidecar.serving.knative.dev/resource-percentage]";
  test.each<Row>([
    ["valid BYO name", { name: "byo-name-foo" }, undefined],
    ["not prefixed", { name: "foo" }, 'invalid value: "foo" must have prefix "byo-name-": spec.template.metadata.name'],
    ["invalid name", { name: "foo.bar" }, `invalid value: not a DNS 1035 label: ${WORDS}: spec.template.metadata.name`],
    [
      "invalid generate name",
      { generateName: "foo.bar" },
      `invalid value: not a DNS 1035 label prefix: ${WORDS}: spec.template.metadata.generateName`,
    ],
    ["valid generate name", { generateName: "valid-generatename" }, undefined],
    [
      "invalid metadata.annotations for scale",
      { annotations: { "autoscaling.knative.dev/min-scale": "5", "autoscaling.knative.dev/max-scale": "covid-19" } },
      "invalid value: covid-19: spec.template.metadata.annotations.autoscaling.knative.dev/max-scale",
    ],
    ["Queue sidecar resource percentage more than 100", percentage("200"), `expected 0.1 <= 200 <= 100: ${PERCENTAGE}`],
    ["Queue sidecar resource percentage just more than 100", percentage("100.0001"), `expected 0.1 <= 100.0001 <= 100: ${PERCENTAGE}`],
    ["Queue sidecar resource percentage too small", percentage("0.01982"), `expected 0.1 <= 0.01982 <= 100: ${PERCENTAGE}`],
    ["Invalid queue sidecar resource percentage", percentage("50mx"), `invalid value: 50mx: ${PERCENTAGE}`],
    ["Empty queue sidecar resource percentage", percentage(""), `invalid value: : ${PERCENTAGE}`],
    ["valid value for Queue sidecar resource percentage", percentage("0.1"), undefined],
  ])("%s", (_, metadata, message) => expect(said(validateConfiguration(configuration({}, { metadata }), undefined))).toBe(message));

  test("no name of its own while its parent's is not made yet", () => {
    const parent = configuration({ name: "", generateName: "byo-name-" }, { metadata: { name: "byo-name-foo" } });
    expect(said(validateConfiguration(parent, undefined))).toBe("must not set the field(s): spec.template.metadata.name");
  });

  const CHANGED =
    'Saw the following changes without a name change (-old +new): spec.template.metadata.name\n{*v1.RevisionTemplateSpec}.Spec.PodSpec.Containers[0].Image:\n\t-: "helloworld:bar"\n\t+: "helloworld:foo"\n';
  test.each<[string, [string, string] | undefined, string, string | undefined]>([
    ["without byo-name", undefined, "helloworld:foo", undefined],
    ["good byo name change", ["byo-name-foo", "byo-name-bar"], "helloworld:foo", undefined],
    ["good byo name (no change)", ["byo-name-foo", "byo-name-foo"], "helloworld:bar", undefined],
    ["bad byo name change", ["byo-name-foo", "byo-name-foo"], "helloworld:foo", CHANGED],
  ])("changes: %s", (_, names, image, message) => {
    const named = (name: string | undefined) => (name ? { metadata: { name } } : {});
    const old = configuration({}, named(names?.[1]), "helloworld:bar");
    expect(said(validateConfiguration(configuration({}, named(names?.[0]), image), old))).toBe(message);
  });
});

describe("a Revision never changes", () => {
  const IMMUTABLE = "Immutable fields changed (-old +new): spec\n";
  const image = (name: string) => ({ containers: [{ image: name }] });
  const cpu = (amount: string) => ({ containers: [{ image: "a", resources: { requests: { cpu: amount } } }] });
  test.each<[string, object, object, string | undefined]>([
    ["good (no change)", {}, {}, undefined],
    ["good (max revision timeout change)", { timeoutSeconds: 9999 }, { timeoutSeconds: 9999 }, undefined],
    [
      "container image",
      image("helloworld"),
      image("busybox"),
      '{v1.RevisionSpec}.PodSpec.Containers[0].Image:\n\t-: "busybox"\n\t+: "helloworld"\n',
    ],
    [
      "concurrency",
      { containerConcurrency: 1 },
      { containerConcurrency: 2 },
      '*{v1.RevisionSpec}.ContainerConcurrency:\n\t-: "2"\n\t+: "1"\n',
    ],
    ["new field added", { serviceAccountName: "foobar" }, {}, '{v1.RevisionSpec}.PodSpec.ServiceAccountName:\n\t-: ""\n\t+: "foobar"\n'],
    [
      "multiple changes",
      { ...image("helloworld"), serviceAccountName: "foobar" },
      image("busybox"),
      '{v1.RevisionSpec}.PodSpec.Containers[0].Image:\n\t-: "busybox"\n\t+: "helloworld"\n{v1.RevisionSpec}.PodSpec.ServiceAccountName:\n\t-: ""\n\t+: "foobar"\n',
    ],
    // Upstream shows the Quantity as a Go struct; the path is its own.
    ["resources", cpu("50m"), cpu("100m"), '{v1.RevisionSpec}.PodSpec.Containers[0].Resources.Requests["cpu"]:\n\t-: "100m"\n\t+: "50m"\n'],
    [
      "a probe's handler, embedded",
      { containers: [{ image: "a", readinessProbe: { periodSeconds: 5, httpGet: { path: "/b" } } }] },
      { containers: [{ image: "a", readinessProbe: { httpGet: { path: "/a" } } }] },
      '{v1.RevisionSpec}.PodSpec.Containers[0].ReadinessProbe.ProbeHandler.HTTPGet.Path:\n\t-: "/a"\n\t+: "/b"\n{v1.RevisionSpec}.PodSpec.Containers[0].ReadinessProbe.PeriodSeconds:\n\t-: "0"\n\t+: "5"\n',
    ],
    [
      "an item more",
      { containers: [{ image: "a", args: ["x", "y"] }] },
      { containers: [{ image: "a", args: ["x"] }] },
      '{v1.RevisionSpec}.PodSpec.Containers[0].Args[?->1]:\n\t+: "y"\n',
    ],
  ])("%s", (_, spec, before, details) => {
    const message = details && IMMUTABLE + details;
    expect(said(validateRevision(revision({}, spec), revision({}, before)))).toBe(message);
  });
});

const PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
describe("a target of traffic", () => {
  const AT = "spec.traffic[0]";
  test.each<Row>([
    ["valid with revisionName and name", { tag: "foo", revisionName: "bar" }, undefined],
    ["invalid with bad revisionName", { revisionName: "b ar" }, `invalid key name "b ar": ${AT}.revisionName\n${PART}`],
    ["valid with revisionName and latestRevision", { revisionName: "bar", latestRevision: false }, undefined],
    [
      "invalid with revisionName and latestRevision",
      { revisionName: "bar", latestRevision: true },
      `may not set revisionName "bar" when latestRevision is true: ${AT}.latestRevision`,
    ],
    ["valid with configurationName and name", { tag: "foo", configurationName: "bar" }, undefined],
    ["invalid with bad configurationName", { configurationName: "b ar" }, `invalid key name "b ar": ${AT}.configurationName\n${PART}`],
    [
      "invalid with configurationName and latestRevision",
      { configurationName: "blah", latestRevision: false },
      `may not set revisionName "" when latestRevision is false: ${AT}.latestRevision`,
    ],
    [
      "invalid with both",
      { revisionName: "foo", configurationName: "bar" },
      `expected exactly one, got both: ${AT}.configurationName, ${AT}.revisionName`,
    ],
    ["invalid with neither", { tag: "foo" }, `expected exactly one, got neither: ${AT}.configurationName, ${AT}.revisionName`],
    ["disallowed url set", { configurationName: "foo", url: "http://should.not.be.set" }, `must not set the field(s): ${AT}.url`],
  ])("of a Route: %s", (_, target, message) => {
    expect(said(validateRoute(route([{ percent: 100, ...target }]), undefined))).toBe(message);
  });

  test.each<Row>([
    ["valid with only default configurationName", {}, undefined],
    ["valid with default configurationName and latestRevision", { latestRevision: true }, undefined],
    [
      "invalid with default configurationName and latestRevision",
      { latestRevision: false },
      `may not set revisionName "" when latestRevision is false: ${AT}.latestRevision`,
    ],
    ["invalid configurationName", { configurationName: "valid" }, `must not set the field(s): ${AT}.configurationName`],
    ["valid with revisionName and default configurationName", { revisionName: "bar" }, undefined],
  ])("of a Service: %s", (_, target, message) => {
    expect(said(validateService(service({}, { traffic: [{ percent: 100, ...target }] }), undefined))).toBe(message);
  });

  test.each<Row<object[]>>([
    [
      "valid split",
      [
        { tag: "prod", revisionName: "foo", percent: 90 },
        { tag: "experiment", configurationName: "bar", percent: 10 },
      ],
      undefined,
    ],
    [
      "multiple names",
      [
        { tag: "foo", revisionName: "bar", percent: 50 },
        { tag: "foo", revisionName: "bar", percent: 50 },
      ],
      'Multiple definitions for "foo": spec.traffic[0].tag, spec.traffic[1].tag',
    ],
    ["spec percent is not 100", [{ revisionName: "foo", percent: 90 }], "Traffic targets sum to 90, want 100: spec.traffic"],
    [
      "percent too low, and too high",
      [
        { revisionName: "foo", percent: -5 },
        { revisionName: "bar", percent: 105 },
      ],
      `expected 0 <= -5 <= 100: ${AT}.percent\nexpected 0 <= 105 <= 100: spec.traffic[1].percent`,
    ],
  ])("several: %s", (_, traffic, message) => expect(said(validateRoute(route(traffic), undefined))).toBe(message));
});

describe("annotations of the autoscaler", () => {
  const GROUP = "autoscaling.knative.dev";
  const outside = (key: string, value: string, [lower, upper]: [unknown, unknown]) =>
    `expected ${String(lower)} <= ${value} <= ${String(upper)}: ${GROUP}/${key}`;
  const INT: [number, number] = [0, 2 ** 31 - 1];
  const bad = (key: string, value: string) => `invalid value: ${value}: ${GROUP}/${key}`;
  test.each<Row<Record<string, string>>>([
    ["min-scale is 0", { "min-scale": "0" }, undefined],
    ["min-scale is -1", { "min-scale": "-1" }, outside("min-scale", "-1", INT)],
    ["max-scale is -1", { "max-scale": "-1" }, outside("max-scale", "-1", INT)],
    ["min-scale is foo", { "min-scale": "foo" }, bad("min-scale", "foo")],
    ["max/min-scale is bar", { "max-scale": "bar", "min-scale": "bar" }, `invalid value: bar: ${GROUP}/max-scale, ${GROUP}/min-scale`],
    ["min-scale too big", { "min-scale": "2147483648" }, outside("min-scale", "2147483648", INT)],
    [
      "min-scale is 5, max-scale is 2",
      { "min-scale": "5", "max-scale": "2" },
      `max-scale=2 is less than min-scale=5: ${GROUP}/max-scale, ${GROUP}/min-scale`,
    ],
    ["min-scale is 0, max-scale is 0", { "min-scale": "0", "max-scale": "0" }, undefined],
    ["panic window percentage bad", { "panic-window-percentage": "-1" }, outside("panic-window-percentage", "-1", [1, 100])],
    ["panic window percentage bad2", { "panic-window-percentage": "202" }, outside("panic-window-percentage", "202", [1, 100])],
    ["panic window percentage bad3", { "panic-window-percentage": "fifty" }, bad("panic-window-percentage", "fifty")],
    ["panic threshold percentage bad", { "panic-threshold-percentage": "109" }, outside("panic-threshold-percentage", "109", [110, 1000])],
    ["panic threshold percentage bad3", { "panic-threshold-percentage": "fifty" }, bad("panic-threshold-percentage", "fifty")],
    ["target negative", { target: "-10" }, `target -10 should be at least 0.01: ${GROUP}/target`],
    ["target 0", { target: "0" }, `target 0 should be at least 0.01: ${GROUP}/target`],
    ["target okay", { target: "11" }, undefined],
    ["TU too small", { "target-utilization-percentage": "0" }, outside("target-utilization-percentage", "0", [1, 100])],
    ["TU too big", { "target-utilization-percentage": "101" }, outside("target-utilization-percentage", "101", [1, 100])],
    ["TBC negative", { "target-burst-capacity": "-11" }, bad("target-burst-capacity", "-11")],
    ["TBC unlimited", { "target-burst-capacity": "-1" }, undefined],
    ["window too short", { window: "1s" }, outside("window", "1s", ["6s", "1h0m0s"])],
    ["window too long", { window: "365h" }, outside("window", "365h", ["6s", "1h0m0s"])],
    ["window invalid", { window: "jerry-was-a-racecar-driver" }, bad("window", "jerry-was-a-racecar-driver")],
    ["window with a precision of milliseconds", { window: "39990ms" }, `must be specified with at most second precision: ${GROUP}/window`],
    [
      "last pod scaledown timeout too long",
      { "scale-to-zero-pod-retention-period": "365h" },
      outside("scale-to-zero-pod-retention-period", "365h", ["0s", "1h0m0s"]),
    ],
    ["scale down delay too long", { "scale-down-delay": "365h" }, outside("scale-down-delay", "365h", ["0s", "1h0m0s"])],
    [
      "scale down delay with more than second precision",
      { "scale-down-delay": "1010ms" },
      `must be specified with at most second precision: ${GROUP}/scale-down-delay`,
    ],
    ["class KPA metric CPU", { class: `kpa.${GROUP}`, metric: "cpu" }, bad("metric", "cpu")],
    ["class HPA metric CPU", { class: `hpa.${GROUP}`, metric: "cpu" }, undefined],
    ["other than HPA and KPA class", { class: "other", metric: "RPS" }, undefined],
    ["invalid class", { class: `x.${GROUP}` }, bad("class", `x.${GROUP}`)],
    [
      "invalid algorithm on KPA",
      { class: `kpa.${GROUP}`, "metric-aggregation-algorithm": "not-an-algorithm" },
      bad("metric-aggregation-algorithm", "not-an-algorithm"),
    ],
    ["initial scale is not a number", { "initial-scale": "invalid" }, bad("initial-scale", "invalid")],
    ["initial scale is negative", { "initial-scale": "-2" }, `invalid value: -2: ${GROUP}/initial-scale must be greater than 0`],
    ["initial scale is zero", { "initial-scale": "0" }, `invalid value: 0: ${GROUP}/initial-scale=0 not allowed by cluster`],
    ["activation scale is 1", { "activation-scale": "1" }, `activation-scale=1 must be greater than 1: ${GROUP}/activation-scale`],
    ["activation scale is no int32", { "activation-scale": "4294967296" }, bad("activation-scale", "4294967296")],
    [
      "min above activation scale",
      { "min-scale": "3", "activation-scale": "2" },
      `min-scale=3 is greater than activation-scale=2: ${GROUP}/activation-scale`,
    ],
    [
      "max below activation scale",
      { "max-scale": "2", "activation-scale": "3" },
      `max-scale=2 is less than activation-scale=3: ${GROUP}/activation-scale`,
    ],
    [
      "all together now fail",
      { "panic-threshold-percentage": "fifty", "panic-window-percentage": "-11", "min-scale": "-4", "max-scale": "never" },
      [
        outside("min-scale", "-4", INT),
        outside("panic-window-percentage", "-11", [1, 100]),
        bad("panic-threshold-percentage", "fifty"),
        bad("max-scale", "never"),
      ].join("\n"),
    ],
  ])("%s", (_, values, message) => {
    const annotations = Object.fromEntries(Object.entries(values).map(([key, value]) => [`${GROUP}/${key}`, value]));
    const text = said(validateConfiguration(configuration({}, { metadata: { annotations } }), undefined));
    expect(text?.replaceAll("spec.template.metadata.annotations.", "")).toBe(message);
  });
});
