import { createContext, Script } from "node:vm";

/** A call that took longer than it may; nothing of it remains. */
export class BudgetError extends Error {}

const box = createContext({ job: undefined });
const script = new Script("job()");

/**
 * Runs pure, synchronous code for so many milliseconds at most, as CEL has loops within loops: the engine itself stops it. Throws BudgetError.
 * Costs a tenth of a millisecond, so it is meant for a whole validation.
 */
export function bounded<T>(milliseconds: number, job: () => T): T {
  (box as { job: unknown }).job = job;
  try {
    return script.runInContext(box, { timeout: milliseconds }) as T;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      throw new BudgetError("validation failed due to running out of cost budget, no further validation rules will be run", {
        cause: error,
      });
    throw error;
  } finally {
    (box as { job: unknown }).job = undefined;
  }
}
