import { constants, createDeflate } from "node:zlib";
import { DICTIONARY } from "./dictionary.ts";
import { controlFrame, TYPE, words } from "./frames.ts";

/** As a client compresses: all blocks in one stream. */
export function compressor() {
  const deflate = createDeflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  return async (headers: Record<string, string>) => {
    const text = (value: string) => [words(value.length), Buffer.from(value)];
    const pairs = Object.entries(headers);
    const block = Buffer.concat([words(pairs.length), ...pairs.flatMap(([name, value]) => [...text(name), ...text(value)])]);
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer) => void chunks.push(chunk);
    deflate.on("data", take);
    await new Promise((resolve) => deflate.write(block, resolve));
    deflate.off("data", take);
    return Buffer.concat(chunks);
  };
}

/** The frame by which a client opens a stream; its numbers are odd. */
export async function openStream(compress: ReturnType<typeof compressor>, id: number, headers: Record<string, string>): Promise<Buffer> {
  return controlFrame(TYPE.synStream, Buffer.concat([words(id, 0), Buffer.alloc(2), await compress(headers)]));
}
