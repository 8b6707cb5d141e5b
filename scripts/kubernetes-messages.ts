import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { inflateRawSync, constants } from "node:zlib";
import protobuf from "protobufjs";
import "protobufjs/ext/descriptor/index.js";

/**
 * Writes packages/kube/src/builtin/messages.json: the fields, types and protobuf numbers of Kubernetes' own kinds. The source is what the Go
 * protobuf library keeps in every program with Kubernetes' types, the compressed descriptors of their .proto files; so a kubectl of the
 * version whose API is served is all that is needed: `node scripts/kubernetes-messages.ts $(which kubectl)`.
 */
const OUTPUT = new URL("../packages/kube/src/builtin/messages.json", import.meta.url);
const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
/** Of a gzip stream without a file name. */
const HEADER_BYTES = 10;
/** What is read from requests; the messages that these need come with them. */
const ROOTS = [
  "core.v1.Pod core.v1.Namespace core.v1.ConfigMap core.v1.Secret core.v1.Service core.v1.ServiceAccount core.v1.Event core.v1.Node",
  "core.v1.Endpoints core.v1.ResourceQuota core.v1.LimitRange core.v1.PersistentVolumeClaim core.v1.PersistentVolume core.v1.Binding",
  "core.v1.ReplicationController core.v1.PodTemplate apps.v1.ControllerRevision networking.v1.IngressClass node.v1.RuntimeClass",
  "storage.v1.CSIDriver storage.v1.CSINode storage.v1.VolumeAttachment",
  "apps.v1.Deployment apps.v1.ReplicaSet apps.v1.StatefulSet apps.v1.DaemonSet batch.v1.Job batch.v1.CronJob",
  "coordination.v1.Lease discovery.v1.EndpointSlice events.v1.Event networking.v1.NetworkPolicy networking.v1.Ingress",
  "rbac.v1.Role rbac.v1.RoleBinding rbac.v1.ClusterRole rbac.v1.ClusterRoleBinding policy.v1.PodDisruptionBudget policy.v1.Eviction",
  "admissionregistration.v1.ValidatingWebhookConfiguration admissionregistration.v1.MutatingWebhookConfiguration",
  "admissionregistration.v1.ValidatingAdmissionPolicy admissionregistration.v1.ValidatingAdmissionPolicyBinding",
  "authentication.v1.TokenRequest authentication.v1.TokenReview authentication.v1.SelfSubjectReview autoscaling.v1.Scale autoscaling.v2.HorizontalPodAutoscaler",
  "autoscaling.v1.HorizontalPodAutoscaler",
  "authorization.v1.SubjectAccessReview authorization.v1.LocalSubjectAccessReview authorization.v1.SelfSubjectAccessReview",
  "authorization.v1.SelfSubjectRulesReview meta.v1.DeleteOptions scheduling.v1.PriorityClass storage.v1.StorageClass",
  "certificates.v1.CertificateSigningRequest",
]
  .join(" ")
  .split(" ");

interface Field {
  name: string;
  number: number;
  label: string;
  type: string;
  typeName?: string;
}
interface Message {
  name: string;
  field: Field[];
  nestedType: Message[];
}
interface DescriptorFile {
  package: string;
  messageType: Message[];
}

const FileDescriptorProto = (protobuf as unknown as { descriptor: Record<string, protobuf.Type> }).descriptor["FileDescriptorProto"];

function* filesOf(program: Buffer): Generator<DescriptorFile> {
  for (let at = program.indexOf(GZIP); at >= 0; at = program.indexOf(GZIP, at + 1)) {
    let bytes: Buffer;
    try {
      // Raw, as one that begins where this one ends is none of its own. Z_SYNC_FLUSH: it ends somewhere in the middle of the program.
      bytes = inflateRawSync(program.subarray(at + HEADER_BYTES, at + 400_000), { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      continue;
    }
    if (!bytes.subarray(0, 200).includes("k8s.io/") || !FileDescriptorProto) continue;
    const decoded = FileDescriptorProto.decode(bytes);
    yield FileDescriptorProto.toObject(decoded, { enums: String, arrays: true }) as unknown as DescriptorFile;
  }
}

/** `.k8s.io.api.core.v1.Pod` → `core.v1.Pod`. */
function shortOf(name: string): string {
  return name
    .split(".")
    .filter((part) => part !== "")
    .slice(-3)
    .join(".");
}

const all = new Map<string, Message>();
for (const file of filesOf(readFileSync(realpathSync(process.argv[2] ?? "/usr/bin/kubectl")))) {
  for (const message of file.messageType) all.set(shortOf(`${file.package}.${message.name}`), message);
}

const wanted = new Map<string, Record<string, [number, string, string?]>>();
function visit(name: string): void {
  if (wanted.has(name)) return;
  const message = all.get(name);
  if (!message) throw new Error(`there is no message ${name} in this program`);
  const fields: Record<string, [number, string, string?]> = {};
  wanted.set(name, fields);
  for (const field of message.field) {
    const nested = message.nestedType.find((entry) => field.typeName?.endsWith(`.${message.name}.${entry.name}`));
    const value = nested?.field.find((entry) => entry.name === "value") ?? field;
    const type = value.typeName ? shortOf(value.typeName) : value.type.replace("TYPE_", "").toLowerCase();
    if (value.typeName) visit(type);
    const repetition = nested ? "map" : field.label === "LABEL_REPEATED" ? "list" : undefined;
    fields[field.name] = repetition ? [field.number, type, repetition] : [field.number, type];
  }
}
for (const name of ROOTS) visit(name);
const sorted = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1));
const lines = sorted.map(([name, fields]) => `  ${JSON.stringify(name)}: ${JSON.stringify(fields)}`);
writeFileSync(OUTPUT, `{\n${lines.join(",\n")}\n}\n`);
