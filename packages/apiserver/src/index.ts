export { createApiServer, type ApiServer, type ApiServerOptions } from "./api-server.ts";
export { loadCertificate, makeCertificate } from "./certificate.ts";
export type { CredentialRequest, Credentials } from "./accounts/issue-credentials.ts";
export type { KubeconfigOptions } from "./kubeconfig.ts";
export type { User } from "./registry/request-context.ts";
export type { Token } from "./authn/static-tokens.ts";
export type { Measure, Used } from "./rest/serve-measured.ts";
export type { PodLogLine, PodLogOptions, PodLogs } from "./rest/serve-pod-log.ts";
export type { PodCommand, PodProcess, PodStreams } from "./streams/pod-streams.ts";
