import {
  envDownwardCauses,
  expandVariables,
  type ConfigMap,
  type Container,
  type EnvVar,
  type PersistentVolumeClaim,
  type Revision,
  type Secret,
  LABELS,
} from "@ebb/kube";
import { fieldValue, resourceValue, type DownwardScope } from "./downward.ts";

/** Where references in an environment lead. */
export interface Sources {
  secret(namespace: string, name: string): Secret | undefined;
  configMap(namespace: string, name: string): ConfigMap | undefined;
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
}

export type Environment = { env: Record<string, string> } | { problem: string };

/** core/v1: names that are no C identifiers are left out of envFrom. */
const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

class Missing {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/**
 * The environment of a container with Kubernetes' rules: envFrom first, env over it in order, `$(VAR)` of what was defined before, and
 * Knative's own variables last. A reference that leads nowhere and is not optional is a problem.
 */
export function environmentOf(revision: Revision, container: Container, { sources, scope }: Surroundings): Environment {
  const namespace = revision.metadata.namespace ?? "";
  const env: Record<string, string> = {};
  for (const from of container.envFrom ?? []) {
    const values = from.secretRef
      ? secretValues(sources, namespace, from.secretRef)
      : from.configMapRef
        ? configMapValues(sources, namespace, from.configMapRef)
        : {};
    if (values instanceof Missing) return { problem: values.message };
    for (const [key, value] of Object.entries(values)) {
      const name = (from.prefix ?? "") + key;
      if (ENV_NAME.test(name)) env[name] = value;
    }
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, { env, container, namespace, sources, scope });
    if (value instanceof Missing) return { problem: value.message };
    if (value !== undefined) env[variable.name] = value;
  }
  const { labels } = revision.metadata;
  env["K_SERVICE"] = labels?.[LABELS.service] ?? "";
  env["K_CONFIGURATION"] = labels?.[LABELS.configuration] ?? "";
  env["K_REVISION"] = revision.metadata.name;
  return { env };
}

interface Surroundings {
  sources: Sources;
  scope: DownwardScope;
}

interface Place extends Surroundings {
  env: Record<string, string>;
  container: Container;
  namespace: string;
}

function valueOf({ name, value, valueFrom }: EnvVar, { env, container, namespace, sources, scope }: Place): string | undefined | Missing {
  if (!valueFrom) return expandVariables(value ?? "", env);
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  if (secretKeyRef) {
    const values = secretValues(sources, namespace, secretKeyRef);
    if (values instanceof Missing) return values;
    return (
      values[secretKeyRef.key] ?? absent(secretKeyRef, `couldn't find key ${secretKeyRef.key} in Secret ${namespace}/${secretKeyRef.name}`)
    );
  }
  if (configMapKeyRef) {
    const values = configMapValues(sources, namespace, configMapKeyRef);
    if (values instanceof Missing) return values;
    const { key } = configMapKeyRef;
    return values[key] ?? absent(configMapKeyRef, `couldn't find key ${key} in ConfigMap ${namespace}/${configMapKeyRef.name}`);
  }
  if (!fieldRef && !resourceFieldRef) return undefined;
  const [cause] = envDownwardCauses(valueFrom, `env[${name}].valueFrom`);
  if (cause) return new Missing(`${cause.field}: ${cause.message}`);
  const told = fieldRef
    ? fieldValue(fieldRef.fieldPath, scope)
    : resourceFieldRef && resourceValue({ containerName: container.name ?? "", ...resourceFieldRef }, scope);
  return told ?? new Missing(`container ${resourceFieldRef?.containerName ?? ""} not found`);
}

function absent({ optional }: { optional?: boolean }, message: string): undefined | Missing {
  return optional ? undefined : new Missing(message);
}

type Reference = { name: string; optional?: boolean };

function secretValues(sources: Sources, namespace: string, { name, optional }: Reference): Record<string, string> | Missing {
  const secret = sources.secret(namespace, name);
  if (!secret) return optional ? {} : new Missing(`secret "${name}" not found`);
  return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]));
}

function configMapValues(sources: Sources, namespace: string, { name, optional }: Reference): Record<string, string> | Missing {
  const map = sources.configMap(namespace, name);
  if (!map) return optional ? {} : new Missing(`configmap "${name}" not found`);
  return map.data ?? {};
}

/** `secret/NAME` and `configmap/NAME` for all that the environment refers to. */
export function referencesOf({ env = [], envFrom = [] }: Container): string[] {
  const references = new Set<string>();
  const add = (kind: "secret" | "configmap", reference: { name: string } | undefined) => {
    if (reference) references.add(`${kind}/${reference.name}`);
  };
  for (const { valueFrom } of env) {
    add("secret", valueFrom?.secretKeyRef);
    add("configmap", valueFrom?.configMapKeyRef);
  }
  for (const { secretRef, configMapRef } of envFrom) {
    add("secret", secretRef);
    add("configmap", configMapRef);
  }
  return [...references];
}
