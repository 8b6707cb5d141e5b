import { badRequest, CoreServices, Pods, type Kind } from "@ebb/kube";

/** What a request for `pods/NAME/proxy` or `services/NAME/proxy` names. */
export interface ProxyPath {
  kind: Kind;
  namespace: string;
  name: string;
  secure: boolean;
  /** A number, or the name of a Service's port; the first or only one if it is not said. */
  port: string;
  /** Up to and with `/proxy`, as the client wrote it. */
  prefix: string;
  /** What is asked of the application, with its query: empty if not even the slash is there. */
  rest: string;
  query: string;
}

const PATTERN = /^(\/+api\/+v1\/+namespaces\/+([^/]+)\/+(pods|services)\/+([^/]+)\/+proxy)(\/.*)?$/;

/** Reads the target of a request; undefined if it is no such path. By the text as it came: what follows is the application's own. Throws BadRequest. */
export function parseProxyPath(url: string): ProxyPath | undefined {
  const [path = "", ...queries] = url.split("?");
  const [, prefix = "", namespace = "", plural, id = "", rest = ""] = PATTERN.exec(path) ?? [];
  if (prefix === "") return undefined;
  const query = queries.length > 0 ? `?${queries.join("?")}` : "";
  const kind = plural === "pods" ? Pods : CoreServices;
  return { kind, namespace: decode(namespace), ...partsOf(kind, decode(id)), prefix, rest, query };
}

/** k8s.io/apimachinery SplitSchemeNamePort: `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`. */
function partsOf(kind: Kind, id: string): Pick<ProxyPath, "name" | "secure" | "port"> {
  const parts = id.split(":");
  const [scheme = "", name = "", port = ""] = parts.length === 3 ? parts : ["", ...parts];
  if (parts.length > 3 || name === "" || !["", "http", "https"].includes(scheme))
    throw badRequest(`invalid ${kind.singular} request ${JSON.stringify(id.slice(0, 300))}`);
  return { name, secure: scheme === "https", port };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw Object.assign(badRequest("the path is not valid percent-encoding"), { cause: error });
  }
}
