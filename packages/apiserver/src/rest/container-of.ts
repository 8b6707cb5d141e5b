import { badRequest, QUEUE_PROXY, type Container, type Pod } from "@ebb/kube";

/** The container of a Pod that is meant, after k8s.io/kubernetes pkg/registry/core/pod. Throws BadRequest when there is no such, or none was named of several; one beside a `queue-proxy` is meant by itself. */
export function containerOf({ metadata, spec }: Pod, wanted: string | null): string {
  const namesOf = (list: readonly Container[] = []) => list.map(({ name = "" }) => name);
  const names = namesOf(spec?.containers);
  const init = namesOf(spec?.initContainers);
  if (wanted) {
    // A Pod that somebody made without a name of its own for its container.
    if (names.length === 0 || names.includes(wanted) || init.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted.slice(0, 100)} is not valid for pod ${metadata.name}`);
  }
  const running = names.filter((name) => name !== QUEUE_PROXY);
  const [first = ""] = running;
  if (running.length <= 1) return first;
  const others = init.length > 0 ? ` or one of the init containers: [${init.join(" ")}]` : "";
  throw badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(" ")}]${others}`);
}
