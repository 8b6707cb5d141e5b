/**
 * A program that does nothing but be there, whose container holds the network of a Pod's containers, as Kubernetes' pause. Where they share their processes it is the first
 * of these, to which all that lose their parent fall. Engines have none of
 * their own on the Docker API, and one from a registry would need the registry. It is so small that it is written here as what it is.
 */
const PROGRAMS: Partial<Record<string, { machine: number; code: Buffer }>> = {
  x64: {
    machine: 62,
    // mov eax, 13 (rt_sigaction); mov edi, 17 (SIGCHLD); lea rsi, [ignored]; xor edx, edx; mov r10d, 8; syscall
    // again: mov eax, 34 (pause); syscall; jmp again
    code: bytes("b80d000000 bf11000000 488d3513000000 31d2 41ba08000000 0f05 b822000000 0f05 ebf7"),
  },
  arm64: {
    machine: 183,
    // mov x0, #17; adr x1, ignored; mov x2, #0; mov x3, #8; mov x8, #134 (rt_sigaction); svc #0
    // again: mov x0..x3, #0; mov x8, #73 (ppoll); svc #0; b again
    code: bytes("200280d2 81010010 020080d2 030180d2 c81080d2 010000d4 000080d2 010080d2 020080d2 030080d2 280980d2 010000d4 faffff17"),
  },
};
/** A `sigaction` of the kernel's with the handler SIG_IGN, behind the code: children whose end is ignored are gone when they have ended. */
const IGNORED = Buffer.from([1, ...Array<number>(31).fill(0)]);

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

const HEADERS = 64 + 56;
const BASE = 0x400000n;

/** An ELF executable for that processor (Node's name of it); undefined where there is none. */
export function pauseProgram(arch: string): Buffer | undefined {
  const program = PROGRAMS[arch];
  if (!program) return undefined;
  const size = HEADERS + program.code.length + IGNORED.length;
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
  Buffer.concat([program.code, IGNORED]).copy(file, HEADERS);
  return file;
}
