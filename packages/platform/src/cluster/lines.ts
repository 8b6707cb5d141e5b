/** Sized against an etcd object's limit (1.5 MiB) with its escapes. */
const MAX_LINE = 8 * 1024 * 1024;

/** Lines of a UTF-8 stream, without empty ones; leaving the loop early cancels the stream. Throws when one is longer than 8 MiB. */
export async function* readLines(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<string> {
  if (!body) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const parts = rest.split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > MAX_LINE) throw new Error(`a line is longer than ${MAX_LINE} characters`);
    for (const part of parts) if (part !== "") yield part;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
