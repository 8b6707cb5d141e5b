const BLOCK = 512;

interface Entry {
  /** Ends with a slash where it is a folder. */
  name: string;
  mode: number;
  content?: Buffer;
}

/** A tar archive (ustar) of one file or folder. */
export function tarOf({ name, mode, content = Buffer.alloc(0) }: Entry): Buffer {
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write(`${octal(mode, 7)}\0`, 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${octal(content.length, 11)}\0`, 124);
  header.write("00000000000\0", 136);
  // The checksum is taken as if it were blank.
  header.write("        ", 148);
  header.write(name.endsWith("/") ? "5" : "0", 156);
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
}
