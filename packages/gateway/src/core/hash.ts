/** FNV-1a with a seed, and murmur3's last mixing so that all bits depend on all. */
export function hash32(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** What a cookie calls a version or an instance: the same in all workers and after a restart, and it gives no name away. */
export function nickname(name: string): string {
  return hash32(name, 1).toString(36) + hash32(name, 2).toString(36);
}
