/** The Huffman code of HPACK (RFC 7541, appendix B), read four bits at a time. */
import { latin1 } from "../../http1/bytes.ts";

/**
 * The length of each byte's code, then that of EOS, as a base-36 digit. The code is canonical: codes of one length follow the order of the
 * bytes, shorter ones come first, so that the lengths say all.
 */
const LENGTHS =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666577666567655677" +
  "777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqn" +
  "qrqqrrrrrsrrrrrqu";
const EOS = 256;
/** In `STEPS`: where it leads to, whether a byte is complete with it, and which. */
const EMITS = 0x100;
const FAILS = 0x200;
const NEXT_SHIFT = 10;

/** Children of the inner nodes of the tree, two a node: another node, or `-1 - byte`. */
function tree(): number[] {
  const children = [0, 0];
  const symbols = Array.from(LENGTHS, (digit, symbol) => ({ symbol, length: Number.parseInt(digit, 36) }));
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let before = 0;
  for (const { symbol, length } of symbols) {
    code <<= length - before;
    before = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const at = 2 * node + ((code >> bit) & 1);
      if (!children[at]) children[at] = children.push(0, 0) / 2 - 1;
      node = children[at] ?? 0;
    }
    children[2 * node + (code & 1)] = -1 - symbol;
    code++;
  }
  return children;
}

/** For each node and four bits: `next << NEXT_SHIFT | flags | byte`. */
function steps(children: readonly number[]): Int32Array {
  const nodes = children.length / 2;
  const table = new Int32Array(nodes * 16);
  for (let start = 0; start < nodes; start++) {
    for (let bits = 0; bits < 16; bits++) {
      let node = start;
      let step = 0;
      for (let bit = 3; bit >= 0; bit--) {
        const child = children[2 * node + ((bits >> bit) & 1)] ?? 0;
        if (child === -1 - EOS) step |= FAILS;
        else if (child < 0) step |= EMITS | (-1 - child);
        node = child < 0 ? 0 : child;
      }
      table[start * 16 + bits] = (node << NEXT_SHIFT) | step;
    }
  }
  return table;
}

/** The nodes at which a text may end: the root, and those that fewer than eight ones lead to (§5.2: padding is the beginning of EOS). */
function ends(children: readonly number[]): ReadonlySet<number> {
  const nodes = [0];
  for (let ones = 1, node = 0; ones < 8; ones++) nodes.push((node = children[2 * node + 1] ?? 0));
  return new Set(nodes);
}

const CHILDREN = tree();
const STEPS = steps(CHILDREN);
const ENDS = ends(CHILDREN);
/** The shortest code has five bits. */
let scratch = Buffer.alloc(4096);

/** The text that the code in `bytes[start, end)` stands for, one character a byte. Undefined when it is none. */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number): string | undefined {
  const room = Math.ceil(((end - start) * 8) / 5);
  if (scratch.length < room) scratch = Buffer.alloc(room);
  let node = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    const high = STEPS[node * 16 + (byte >> 4)] as number;
    if ((high & EMITS) !== 0) scratch[length++] = high & 0xff;
    const low = STEPS[(high >> NEXT_SHIFT) * 16 + (byte & 15)] as number;
    if ((low & EMITS) !== 0) scratch[length++] = low & 0xff;
    if (((high | low) & FAILS) !== 0) return undefined;
    node = low >> NEXT_SHIFT;
  }
  return ENDS.has(node) ? latin1(scratch, 0, length) : undefined;
}
