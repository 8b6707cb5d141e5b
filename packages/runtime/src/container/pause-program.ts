/**
 * A program that does nothing but be there, whose container holds the network of a Pod's containers, as Kubernetes' pause. Engines have none of
 * their own on the Docker API, and one from a registry would need the registry. It is so small that it is written here as what it is.
 */
const PROGRAMS: Partial<Record<string, { machine: number; code: readonly number[] }>> = {
  // again: mov eax, 34 (pause); syscall; jmp again
  x64: { machine: 62, code: [0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7] },
  // mov x0..x3, #0; mov x8, #73 (ppoll); svc #0; b to the first
  arm64: {
    machine: 183,
    code: [0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800928, 0xd4000001, 0x17fffffa].flatMap((word) => [
      word & 0xff,
      (word >>> 8) & 0xff,
      (word >>> 16) & 0xff,
      word >>> 24,
    ]),
  },
};
const HEADERS = 64 + 56;
const BASE = 0x400000n;

/** An ELF executable for that processor (Node's name of it); undefined where there is none. */
export function pauseProgram(arch: string): Buffer | undefined {
  const program = PROGRAMS[arch];
  if (!program) return undefined;
  const size = HEADERS + program.code.length;
  const file = Buffer.alloc(size);
  // The file's header: 64 bits, least byte first, an executable with one segment.
  file.write("\x7fELF\x02\x01\x01", "latin1");
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(program.machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BASE + BigInt(HEADERS), 24);
  file.writeBigUInt64LE(64n, 32);
  for (const [at, value] of [
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    file.writeUInt16LE(value, at);
  // The segment: all of the file, to be read and run.
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(BASE, 80);
  file.writeBigUInt64LE(BASE, 88);
  file.writeBigUInt64LE(BigInt(size), 96);
  file.writeBigUInt64LE(BigInt(size), 104);
  file.writeBigUInt64LE(0x10000n, 112);
  Buffer.from(program.code).copy(file, HEADERS);
  return file;
}

/** A tar archive (ustar) of one executable. */
export function tarOf(name: string, content: Buffer): Buffer {
  const BLOCK = 512;
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write("0000755\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  // The checksum is taken as if it were blank.
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
}
