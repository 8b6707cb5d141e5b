/** An app where a deploy goes: in the environment `test`. */
export function inTest(app: string): { app: string; env: string } {
  return { app, env: "test" };
}
