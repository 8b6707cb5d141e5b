import type {
  Configuration,
  ConfigurationChange,
  ConfigurationPatch,
  ConfigurationPlan,
  KeyRotation,
  LayerConfiguration,
} from "./configuration.ts";
import { placePath, type CallOptions, type Place } from "./place-client.ts";
import { changing, type ChangeOptions } from "./revisions.ts";
import type { Operation, Revised } from "./schemas.ts";
import type { Send, SendOptions } from "./transport.ts";

/** A layer above the apps: of the platform when no team is named, of the whole team when no environment is. */
export interface LayerAddress {
  readonly team?: string | undefined;
  readonly env?: string | undefined;
}

/** Configuration in layers. */
export function configurationCalls(send: Send) {
  const json = async <T>(method: string, path: string, request?: SendOptions): Promise<T> =>
    (await (await send(method, path, request)).json()) as T;
  const of = ({ team, env }: LayerAddress, rest = ""): string => {
    const environment = env === undefined ? "" : `/environments/${encodeURIComponent(env)}`;
    return `${team === undefined ? "" : `/teams/${encodeURIComponent(team)}${environment}`}/configuration${rest}`;
  };

  return {
    getLayer: (layer: LayerAddress, call?: CallOptions) => json<Revised<LayerConfiguration>>("GET", of(layer), call),
    planLayer: (layer: LayerAddress, body: ConfigurationPatch) => json<ConfigurationPlan>("POST", of(layer, "/plan"), { json: body }),
    patchLayer: (layer: LayerAddress, body: ConfigurationPatch, on?: ChangeOptions) =>
      json<ConfigurationChange>("PATCH", of(layer), { json: body, ...changing(on) }),
    getConfiguration: (place: Place, call?: CallOptions) => json<Revised<Configuration>>("GET", placePath(place, "/configuration"), call),
    planConfiguration: (place: Place, body: ConfigurationPatch) =>
      json<ConfigurationPlan>("POST", placePath(place, "/configuration/plan"), { json: body }),
    patchConfiguration: (place: Place, body: ConfigurationPatch, on?: ChangeOptions) =>
      json<Operation>("PATCH", placePath(place, "/configuration"), { json: body, ...changing(on) }),
    rotateKeys: () => json<KeyRotation>("POST", "/keys/rotate", { json: {} }),
  };
}
