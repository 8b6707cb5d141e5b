/** A platform process on this database: a row while it lives, and for a while when it was killed. */
export interface PlatformTable {
  /** Its own for one life; operations name it as the owner of their lease. */
  id: string;
  /** Of its machine. */
  host: string;
  /** Of its REST API. */
  address: string;
  version: string;
  /** Of its data folder: uploads and bundles are in there, so that all of one database have the same. */
  folder: string;
  started_at: number;
  seen_at: number;
}
