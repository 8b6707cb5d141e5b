/**
 * JSON on a VirtualService, `{"headers": [...], "cookies": [...], "query": [...]}`: whose values Ebb's gateway may remember of the requests
 * that it routes, so that people can ask which of them a change would move. Clusters other than Ebb's own ignore it.
 */
export const RECORDED_FIELDS = "networking.ebb.dev/recorded-fields";

export interface RecordedFields {
  headers: string[];
  cookies: string[];
  query: string[];
}

const MOST = 64;
/** By their names they hold what opens something: not remembered, whoever asks for it. */
const SECRET = /auth|token|secret|passw|pwd|credential|session|sess|sid$|signature|api-?_?key|^key$|^code$|jwt|cookie|csrf|xsrf/i;

export function isSecretField(name: string): boolean {
  return SECRET.test(name);
}

/** What may be remembered; undefined when nothing is said, or nothing that can be read. */
export function recordedFields(annotations: Readonly<Record<string, string>> | undefined): RecordedFields | undefined {
  const text = annotations?.[RECORDED_FIELDS];
  if (text === undefined) return undefined;
  let value: Partial<Record<keyof RecordedFields, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  const names = (key: keyof RecordedFields): string[] => {
    const list = value?.[key];
    if (!Array.isArray(list)) return [];
    const safe = list.filter((name): name is string => typeof name === "string" && name !== "" && !isSecretField(name));
    return safe.slice(0, MOST).map((name) => (key === "headers" ? name.toLowerCase() : name));
  };
  return { headers: names("headers"), cookies: names("cookies"), query: names("query") };
}
