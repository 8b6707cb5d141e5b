import { createTarPacker } from "modern-tar";
import type { SourceFile } from "./source-files.ts";

/** Browsers do not tell permissions: what begins like a script is one. */
async function modeOf(file: File): Promise<number> {
  return (await file.slice(0, 2).text()) === "#!" ? 0o755 : 0o644;
}

/** A gzip-compressed tar of the files, made as it is read. `onProgress` gets how many bytes of theirs are in it. Throws the signal's reason. */
export async function archiveOf(files: readonly SourceFile[], onProgress: (bytes: number) => void, signal: AbortSignal): Promise<Blob> {
  const { readable, controller } = createTarPacker();
  const compressed = readable.pipeThrough(new CompressionStream("gzip"));
  const whole = new Response(compressed).blob();
  let bytes = 0;
  try {
    for (const { path, file } of files) {
      signal.throwIfAborted();
      const header = { name: path, size: file.size, mode: await modeOf(file), mtime: new Date(file.lastModified), type: "file" as const };
      await file.stream().pipeTo(controller.add(header), { signal });
      bytes += file.size;
      onProgress(bytes);
    }
    controller.finalize();
  } catch (error) {
    controller.error(error);
    await whole.catch(() => undefined);
    throw error;
  }
  return whole;
}
