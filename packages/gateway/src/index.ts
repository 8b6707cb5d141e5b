export type * from "./control-protocol.ts";
export type * from "./route-table.ts";
