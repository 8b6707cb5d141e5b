/** What one build may use. Sized for source of people on a machine that also serves traffic. */
export interface BuildLimits {
  /** Entries of an archive. */
  archiveEntries: number;
  /** Bytes of an unpacked archive. */
  unpackedBytes: number;
  /** Unpacked to packed; judged only past 64 MiB, as small source can be very repetitive. DEFLATE's own bound is 1032. */
  archiveRatio: number;
  /** Wall time of fetching from Git, milliseconds. */
  fetchMilliseconds: number;
  /** Wall time of all build commands together, milliseconds. */
  buildMilliseconds: number;
  /** What the build leaves behind: bytes and files. Installed packages count. */
  outputBytes: number;
  outputFiles: number;
  /** Builds at once; more wait for their turn. */
  concurrentBuilds: number;
}

export const DEFAULT_LIMITS: BuildLimits = {
  archiveEntries: 100_000,
  unpackedBytes: 2 * 1024 ** 3,
  archiveRatio: 200,
  fetchMilliseconds: 5 * 60_000,
  buildMilliseconds: 15 * 60_000,
  outputBytes: 4 * 1024 ** 3,
  outputFiles: 400_000,
  concurrentBuilds: 2,
};
