import type { DownwardFile, KeyToPath, Volume, VolumeProjection } from "./core.ts";
import {
  checkAllowed,
  fieldError,
  invalidFieldValue,
  missingField,
  missingOneOf,
  multipleOneOf,
  via,
  viaEach,
  type FieldErrors,
} from "./field-error.ts";
import { DNS_LABEL } from "./names.ts";
import type { Feature, Features } from "./serving-config/features.ts";

/** As it may come in: what the schema asks for may still be empty. */
type Item = Partial<KeyToPath>;

/** What each source of a volume needs; those without a feature are always there. */
const SOURCES: Readonly<Record<string, Feature | undefined>> = {
  secret: undefined,
  configMap: undefined,
  projected: undefined,
  emptyDir: "kubernetes.podspec-volumes-emptydir",
  persistentVolumeClaim: "kubernetes.podspec-persistent-volume-claim",
  hostPath: "kubernetes.podspec-volumes-hostpath",
  csi: "kubernetes.podspec-volumes-csi",
  ephemeral: "kubernetes.podspec-volumes-ephemeral",
  image: "kubernetes.podspec-volumes-image",
};
/** Sources whose lack of a feature has a sentence of its own (without a path, as upstream), beside the refusal of the field. */
const WORDED = { emptyDir: "EmptyDir", hostPath: "HostPath" } as const satisfies Partial<Record<keyof Volume, string>>;

/** knative/serving ValidateVolumes; `mounted` are the names of all volumes that a container mounts. */
export function validateVolumes(volumes: readonly Volume[], mounted: ReadonlySet<string>, features: Features): FieldErrors {
  const seen = new Set<string>();
  return viaEach(volumes, (volume) => {
    const duplicate = seen.has(volume.name);
    seen.add(volume.name);
    return [
      ...(duplicate ? fieldError(`duplicate volume name ${JSON.stringify(volume.name)}`, ["name"]) : []),
      ...(mounted.has(volume.name) ? [] : fieldError(`volume with name ${JSON.stringify(volume.name)} not mounted`, ["name"])),
      ...validateVolume(volume, features),
    ];
  });
}

function validateVolume(volume: Volume, features: Features): FieldErrors {
  const misnamed = volume.name === "" ? missingField("name") : DNS_LABEL.test(volume.name) ? [] : invalidFieldValue(volume.name, "name");
  const enabled = (feature: Feature | undefined) => feature === undefined || features[feature] === "Enabled";
  const sources = Object.keys(SOURCES);
  const specified = sources.filter((source) => volume[source as keyof Volume] !== undefined);
  const allowed = new Set([
    "name",
    ...sources.filter((source) => {
      const feature = SOURCES[source];
      return feature === undefined || features[feature] !== "Disabled";
    }),
  ]);
  const usable = sources.filter((source) => enabled(SOURCES[source]));
  return [
    // As upstream, a wrong name is said instead of the sentences on what is disabled.
    ...(misnamed.length > 0 ? misnamed : [...validateClaim(volume, features), ...validateSupport(volume, features)]),
    ...checkAllowed(volume, allowed),
    ...validateItems(volume.secret?.items),
    ...validateItems(volume.configMap?.items),
    ...via("projected", viaEach(volume.projected?.sources, validateProjection)),
    ...via("emptyDir", validateEmptyDir(volume.emptyDir)),
    ...(specified.length === 0 ? missingOneOf(...usable) : []),
    ...(specified.length > 1 ? multipleOneOf(...specified) : []),
  ];
}

function validateSupport(volume: Volume, features: Features): FieldErrors {
  return Object.entries(WORDED).flatMap(([source, word]) => {
    const feature = SOURCES[source];
    if (volume[source as keyof typeof WORDED] === undefined || !feature || features[feature] === "Enabled") return [];
    return fieldError(`${word} volume support is disabled, but found ${word} volume ${volume.name}`, []);
  });
}

function validateClaim({ persistentVolumeClaim: claim }: Volume, features: Features): FieldErrors {
  if (!claim) return [];
  const { claimName = "" } = claim;
  const writable = features["kubernetes.podspec-persistent-volume-write"] === "Enabled";
  return [
    ...(features["kubernetes.podspec-persistent-volume-claim"] === "Enabled"
      ? []
      : fieldError(`Persistent volume claim support is disabled, but found persistent volume claim ${claimName}`, [])),
    ...(claim.readOnly || writable
      ? []
      : fieldError(
          `Persistent volume write support is disabled, but found persistent volume claim ${claimName} that is not read-only`,
          [],
        )),
  ];
}

function validateEmptyDir({ medium = "", sizeLimit }: NonNullable<Volume["emptyDir"]> = {}): FieldErrors {
  return [
    ...(medium === "" || medium === "Memory" ? [] : invalidFieldValue(medium, "medium")),
    ...(sizeLimit !== undefined && String(sizeLimit).startsWith("-") ? invalidFieldValue(sizeLimit, "sizeLimit") : []),
  ];
}

function validateProjection(projection: VolumeProjection): FieldErrors {
  const known = ["secret", "configMap", "serviceAccountToken", "downwardAPI"] as const;
  const specified = known.filter((source) => projection[source] !== undefined);
  const named = (["secret", "configMap"] as const).flatMap((source) => {
    const { [source]: content } = projection;
    return content ? via(source, [...(content.name ? [] : missingField("name")), ...validateItems(content.items)]) : [];
  });
  const { serviceAccountToken: token, downwardAPI } = projection;
  const errors = [
    ...named,
    ...(token && !token.path ? via("serviceAccountToken", missingField("path")) : []),
    ...via("downwardAPI.items", viaEach(downwardAPI?.items, validateDownwardFile)),
  ];
  if (specified.length === 0) return missingOneOf(...known);
  return specified.length > 1 ? [...errors, ...multipleOneOf(...specified)] : errors;
}

function validateDownwardFile({ fieldRef, resourceFieldRef, path }: Partial<DownwardFile>): FieldErrors {
  return [
    ...(fieldRef || resourceFieldRef ? [] : missingOneOf("fieldRef", "resourceFieldRef")),
    ...(fieldRef && resourceFieldRef ? fieldError("Within a single item, cannot set both", ["fieldRef", "resourceFieldRef"]) : []),
    ...(path ? [] : missingField("path")),
  ];
}

function validateItems(items: readonly Item[] | undefined): FieldErrors {
  const check = ({ key, path }: Item) => [...(key ? [] : missingField("key")), ...(path ? [] : missingField("path"))];
  return via("items", viaEach(items, check));
}
