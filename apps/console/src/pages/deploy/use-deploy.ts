import type { ChangeOptions, Operation } from "@ebb/api";
import { useNavigate } from "@tanstack/react-router";
import { useChange } from "../app/use-change.ts";
import type { Found } from "./use-target.ts";

interface Sending<V> {
  found: Found;
  /** Whether a source is chosen: it is sent on what was there when that was done. */
  editing: boolean;
  send: (value: V, on: ChangeOptions) => Promise<Operation>;
  /** Forgets what was chosen. */
  onReload: () => void;
}

/** Sends a deployment, unless somebody else has changed the app there since it was chosen, and goes to its operation. */
export function useDeploy<V>({ found: { place, there }, ...rest }: Sending<V>) {
  const navigate = useNavigate();
  return useChange<V, Operation>({
    place: place ?? { app: "", env: "" },
    there,
    ...rest,
    onSuccess: ({ id }) => navigate({ to: "/operations/$id", params: { id } }),
  });
}
