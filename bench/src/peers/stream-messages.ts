/** What the two ends of the benchmarks of streams say to each other; both count by length. */
const TEXT = "x".repeat(64);

export const EVENTS_A_SECOND = 50;
export const EVENT = `data: ${TEXT}\n\n`;
/** A masked text frame (RFC 6455 §5.2) with a mask of zeros. */
export const CLIENT_FRAME = Buffer.concat([Buffer.of(0x81, 0x80 | TEXT.length, 0, 0, 0, 0), Buffer.from(TEXT)]);
export const SERVER_FRAME = Buffer.concat([Buffer.of(0x81, TEXT.length), Buffer.from(TEXT)]);
/** Not compressed, its length, then the message. */
export const GRPC_MESSAGE = Buffer.concat([Buffer.of(0, 0, 0, 0, TEXT.length), Buffer.from(TEXT)]);
