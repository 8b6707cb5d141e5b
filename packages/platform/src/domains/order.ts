import type { DomainRow } from "./store.ts";

/** An ACME order under way, kept so that a restart goes on with it (RFC 8555 §7.4). */
export interface StoredOrder {
  directory: string;
  url: string;
  begun: number;
  /** What is to be answered, until the server has looked. */
  challenge?: { url: string; token: string; answer: string; authorization: string };
  /** The server has been told to look. */
  answered?: boolean;
  /** The certificate's key, sealed; from when the order is finalized. */
  key?: string;
}

export function orderOf({ order_json }: Pick<DomainRow, "order_json">): StoredOrder | undefined {
  return order_json === "" ? undefined : (JSON.parse(order_json) as StoredOrder);
}
