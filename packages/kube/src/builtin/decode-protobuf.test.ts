import { expect, test } from "vitest";
import { decodeProtobuf } from "./decode-protobuf.ts";

const number = (value: number): Buffer =>
  value < 128 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value & 127) | 128]), number(value >>> 7)]);
const varint = (tag: number, value: number) => Buffer.concat([number(tag << 3), number(value)]);
const field = (tag: number, bytes: Buffer | string) =>
  Buffer.concat([number((tag << 3) | 2), number(Buffer.byteLength(bytes)), Buffer.from(bytes)]);

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  return Buffer.concat([Buffer.from("k8s\0"), field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])), field(2, raw)]);
}

test("times, numbers or texts, embedded structs and zero values become what JSON would have been", () => {
  const metadata = Buffer.concat([field(1, "p"), field(2, ""), field(8, ""), field(9, Buffer.concat([varint(1, 60), varint(2, 0)]))]);
  const httpGet = field(2, Buffer.concat([field(1, "/"), field(2, Buffer.concat([varint(1, 1), varint(2, 0), field(3, "web")]))]));
  const probe = Buffer.concat([field(1, httpGet), varint(2, 0), varint(3, 5)]);
  const container = Buffer.concat([field(1, "c"), field(2, "i"), field(10, probe), varint(16, 0)]);
  const volume = Buffer.concat([field(1, "v"), field(2, field(2, ""))]);
  const spec = Buffer.concat([field(1, volume), field(2, container), varint(4, 0)]);
  expect(decodeProtobuf(envelope("v1", "Pod", Buffer.concat([field(1, metadata), field(2, spec)])))).toEqual({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", deletionTimestamp: "1970-01-01T00:01:00Z" },
    spec: {
      volumes: [{ name: "v", emptyDir: {} }],
      containers: [{ name: "c", image: "i", livenessProbe: { httpGet: { path: "/", port: "web" }, timeoutSeconds: 5 } }],
      terminationGracePeriodSeconds: 0,
    },
  });
});

test("a zero says something where Go has a pointer, and nothing where it has none: the same name is the one here and the other there", () => {
  const spec = Buffer.concat([field(2, Buffer.concat([field(1, "c"), field(2, "i")])), field(10, "")]);
  expect(decodeProtobuf(envelope("v1", "Pod", field(2, spec)))["spec"]).toEqual({ containers: [{ name: "c", image: "i" }] });
  const behavior = field(2, varint(3, 0));
  const autoscaler = Buffer.concat([
    field(1, Buffer.concat([field(1, "Deployment"), field(2, "d"), field(3, "")])),
    varint(2, 0),
    varint(3, 1),
  ]);
  expect(
    decodeProtobuf(envelope("autoscaling/v2", "HorizontalPodAutoscaler", field(2, Buffer.concat([autoscaler, field(5, behavior)]))))[
      "spec"
    ],
  ).toEqual({
    scaleTargetRef: { kind: "Deployment", name: "d" },
    minReplicas: 0,
    maxReplicas: 1,
    behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
  });
  const bound = Buffer.concat([field(1, "Secret"), field(2, "v1"), field(3, "s"), field(4, "u")]);
  const request = envelope("authentication.k8s.io/v1", "TokenRequest", field(2, field(3, bound)));
  expect(decodeProtobuf(request)["spec"]).toEqual({ boundObjectRef: { kind: "Secret", apiVersion: "v1", name: "s", uid: "u" } });
});

test.each([
  ["no magic", Buffer.from("{}")],
  ["cut in the middle", envelope("v1", "ConfigMap", Buffer.from([0x0a, 0x7f, 1]))],
  ["a kind without a protobuf form", envelope("serving.knative.dev/v1", "Service", Buffer.alloc(0))],
  ["a wire type that does not exist", envelope("v1", "ConfigMap", Buffer.from([0x0f]))],
])("refuses %s", (_, body) => {
  expect(() => decodeProtobuf(body)).toThrow(expect.objectContaining({ status: 400 }));
});
