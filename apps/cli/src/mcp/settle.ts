import type { Client, Operation } from "@ebb/api";
import type { Clock } from "@ebb/base";

/** Agents' own patience with a tool ends after a minute or so. */
const PATIENCE = 50_000;

/** The operation at its end, or as it is when it waits for a person or takes longer than an agent waits. */
export async function settle({ client, clock }: { client: Client; clock: Clock }, operation: Operation): Promise<Operation> {
  const late = new AbortController();
  const timer = clock.after(PATIENCE, () => late.abort());
  let latest = operation;
  try {
    for await (const event of client.operationEvents(operation.id, { signal: late.signal })) {
      if (event.type === "operation") latest = event.operation;
      if (latest.state === "waiting") break;
    }
  } catch (error) {
    if (!late.signal.aborted) throw error;
  } finally {
    timer.cancel();
  }
  return latest;
}
