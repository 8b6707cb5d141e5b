import { dnsLabelFaults, dnsSubdomainFaults } from "../dns-names.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { invalidValue, refuseInvalid, requiredField } from "../status-errors.ts";
import { sameValue } from "../validate-immutable.ts";

export interface RuntimeClass extends KubeObject {
  handler?: string;
}

/** node.k8s.io/v1 RuntimeClass; storage.k8s.io/v1 CSIDriver and VolumeAttachment: what upstream checks of those that are only kept here. */
export function admitRuntimeClass(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { handler = "" }: RuntimeClass = object;
  const before: RuntimeClass | undefined = old;
  refuseInvalid(kind, object, [
    ...(before ? sameValue(handler, before.handler, "handler") : []),
    ...dnsLabelFaults(handler).map((why) => invalidValue("handler", handler, why)),
  ]);
  return object;
}

const DRIVER_DEFAULTS = {
  attachRequired: true,
  podInfoOnMount: false,
  storageCapacity: false,
  fsGroupPolicy: "ReadWriteOnceWithFSType",
  requiresRepublish: false,
  seLinuxMount: false,
  volumeLifecycleModes: ["Persistent"],
};

export function admitStorageDriver(object: KubeObject): KubeObject {
  return { ...object, spec: { ...DRIVER_DEFAULTS, ...(object.spec as object | undefined) } };
}

interface AttachmentSpec {
  attacher?: string;
  nodeName?: string;
  source?: { persistentVolumeName?: string; inlineVolumeSpec?: object };
}

export function admitVolumeAttachment(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { attacher = "", nodeName = "", source = {} } = (object.spec ?? {}) as AttachmentSpec;
  const sources = [source.persistentVolumeName, source.inlineVolumeSpec].filter((one) => one !== undefined).length;
  refuseInvalid(kind, object, [
    ...(attacher === ""
      ? [requiredField("spec.attacher")]
      : dnsSubdomainFaults(attacher.toLowerCase()).map((why) => invalidValue("spec.attacher", attacher, why))),
    ...(sources === 1 ? [] : [requiredField("spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName")]),
    ...(nodeName === "" ? [requiredField("spec.nodeName")] : []),
    ...(old ? sameValue(object.spec ?? {}, old.spec, "spec") : []),
  ]);
  return object;
}
