import { builtinSchema, messageNameOf, messageOfSchema, objectMeta, schemaOf, apiVersionOf, type Kind, type Schema } from "@ebb/kube";
import type { Descriptions } from "./descriptions.ts";

type Tree = Record<string, unknown>;

/** One of Kubernetes' own, whose documentation also says what its apiVersion and kind are; all that have metadata are told of it in the same words. */
const PLAIN = "core.v1.ConfigMap";
const ABOUT_METADATA =
  "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const METADATA = "meta.v1.ObjectMeta";
const quantity = {
  description: "A fixed-point number, such as 500m or 2Gi.",
  oneOf: [{ type: "string" }, { type: "number" }],
};

/**
 * The schemas of a document: Kubernetes' own types by their names, each once, with what its documentation says of them, so that `kubectl explain` shows
 * what it shows elsewhere.
 */
export class Components {
  readonly #descriptions: Descriptions;
  readonly #schemas: Tree = { [QUANTITY]: quantity };

  constructor(descriptions: Descriptions) {
    this.#descriptions = descriptions;
  }

  get schemas(): Tree {
    return this.#schemas;
  }

  /** Takes a kind in, under its name. */
  add(name: string, kind: Kind, more: Tree): void {
    const schema = schemaOf(kind);
    const message = kind.builtIn ? messageNameOf(apiVersionOf(kind), kind.kind) : undefined;
    this.#schemas[name] = { ...this.#object(schema, message, kind.builtIn, this.#ofAll()), ...more };
  }

  #ofAll(): Readonly<Record<string, string>> {
    const { apiVersion, kind } = this.#descriptions[PLAIN] ?? {};
    // Whoever makes a document without descriptions wants none.
    return apiVersion === undefined || kind === undefined ? {} : { apiVersion, kind, metadata: ABOUT_METADATA };
  }

  /** A schema below another one: a reference where it is a type of its own. */
  #below(schema: Schema, description: string | undefined, builtIn: boolean): unknown {
    const message = schema === objectMeta ? METADATA : messageOfSchema(schema);
    if (message !== undefined) return this.#reference(message, description);
    // The schemas of Kubernetes' own kinds say nothing of quantities but that they are there; `kubectl explain` cannot read that.
    if (builtIn && Object.keys(schema).length === 0) return refTo(QUANTITY, description);
    return { ...this.#object(schema, undefined, builtIn), ...(description === undefined ? {} : { description }) };
  }

  #reference(message: string, description: string | undefined): unknown {
    const name = nameOf(message);
    if (this.#schemas[name] === undefined) {
      // Before what is in it: a type may hold itself.
      this.#schemas[name] = {};
      this.#schemas[name] = this.#object(builtinSchema(message), message);
    }
    // What a field is for is not always told where its type is another one's; then what the type is for.
    return refTo(name, description ?? this.#descriptions[message]?.[""]);
  }

  #object(
    schema: Schema,
    message: string | undefined,
    builtIn = message !== undefined,
    otherwise: Readonly<Record<string, string>> = {},
  ): Tree {
    const { properties, items, additionalProperties, ...rest } = schema;
    const said = message === undefined ? undefined : this.#descriptions[message];
    const each = Object.entries(properties ?? {}).map(([name, property]) => [
      name,
      this.#below(property, said?.[name] ?? otherwise[name], builtIn),
    ]);
    return {
      ...rest,
      ...(said?.[""] ? { description: said[""] } : {}),
      ...(properties ? { properties: Object.fromEntries(each) as Tree } : {}),
      ...(items ? { items: this.#below(items, undefined, builtIn) } : {}),
      ...(typeof additionalProperties === "object" ? { additionalProperties: this.#below(additionalProperties, undefined, builtIn) } : {}),
    };
  }
}

/** `core.v1.PodSpec` as Kubernetes calls it in its documents. */
function nameOf(message: string): string {
  return message.startsWith("meta.") ? `io.k8s.apimachinery.pkg.apis.${message}` : `io.k8s.api.${message}`;
}

function refTo(name: string, description: string | undefined): unknown {
  const reference = { $ref: `#/components/schemas/${name}` };
  return description === undefined ? reference : { allOf: [reference], default: {}, description };
}
