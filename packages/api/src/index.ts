export * from "./identity.ts";
export * from "./schemas.ts";
export { ApiError, createClient, type CallOptions, type Client, type ClientOptions, type LogQuery, type UploadQuery } from "./client.ts";
