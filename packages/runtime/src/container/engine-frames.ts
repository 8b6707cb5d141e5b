const HEADER = 8;
const STDERR = 2;

/**
 * Hands on the parts of an engine's multiplexed stream (Docker Engine API, "Attach to a container", stream format: frames of {stream, 0, 0, 0,
 * length} and bytes) as they come, without waiting for whole frames; the next is read when one has been taken.
 */
export async function demultiplex(
  source: AsyncIterable<Buffer>,
  take: (part: Buffer, channel: "stdout" | "stderr") => Promise<void>,
): Promise<void> {
  let header = Buffer.alloc(0);
  let left = 0;
  for await (const chunk of source) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = HEADER - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < HEADER) break;
        left = header.readUInt32BE(4);
        if (left === 0) header = Buffer.alloc(0);
        continue;
      }
      const part = rest.subarray(0, left);
      rest = rest.subarray(part.length);
      left -= part.length;
      const channel = header[0] === STDERR ? "stderr" : "stdout";
      if (left === 0) header = Buffer.alloc(0);
      await take(part, channel);
    }
  }
}
