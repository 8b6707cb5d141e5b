import type { Operation, PatchSecrets } from "@ebb/api";
import type { Cluster } from "../cluster/port.ts";
import { secretsName } from "../compile/names.ts";
import type { ConfigRequest } from "../deploy/context.ts";

/** Hands the values to the cluster before the operation is submitted, which names the object that holds them; takes them back if it is refused. */
export async function submitSecrets(
  { cluster, app, id }: { cluster: Cluster; app: string; id: string },
  { secrets }: PatchSecrets,
  submit: (request: ConfigRequest) => Promise<Operation>,
): Promise<Operation> {
  const set = Object.fromEntries(Object.entries(secrets).filter((entry): entry is [string, string] => entry[1] !== null));
  const object = Object.keys(set).length > 0 ? secretsName(app, `patch-${id}`) : null;
  if (object !== null) await cluster.createSecret(app, object, set);
  const removed = Object.keys(secrets).filter((key) => !(key in set));
  try {
    return await submit({ secrets: { object, set: Object.keys(set), removed } });
  } catch (error) {
    if (object !== null) await cluster.deleteSecret(object);
    throw error;
  }
}
