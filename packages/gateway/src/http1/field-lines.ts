/** The lines of a field text, without their CRLF. */
export function fieldLines(fields: string): string[] {
  return fields.split("\r\n").slice(0, -1);
}

/** Names (lower case) and values of a field text, in order. */
export function fieldPairs(fields: string): [name: string, value: string][] {
  return fieldLines(fields).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
}
