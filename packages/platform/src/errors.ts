import { UserError, type ErrorOptions } from "@ebb/base";

interface Entry {
  status: number;
  title: string;
}

/** Every code that a request to the REST API can be refused with; docs/reference/errors.md has the same table (a test compares them). */
export const REQUEST_ERRORS = {
  invalid_request: { status: 400, title: "Invalid request" },
  invalid_rule: { status: 400, title: "Invalid traffic rule" },
  invalid_release: { status: 400, title: "Invalid release" },
  release_running: { status: 409, title: "A release is running" },
  no_release_running: { status: 409, title: "No release is running" },
  invalid_traffic: { status: 400, title: "Invalid traffic split" },
  reserved_variable: { status: 400, title: "Reserved variable" },
  name_too_long: { status: 400, title: "Name too long" },
  quota_exceeded: { status: 409, title: "Quota exceeded" },
  configuration_invalid: { status: 409, title: "Configuration cannot be resolved" },
  invalid_variable: { status: 400, title: "Invalid variable" },
  unauthenticated: { status: 401, title: "Not signed in" },
  invalid_code: { status: 401, title: "Invalid sign-in code" },
  wrong_password: { status: 401, title: "Wrong name or password" },
  weak_password: { status: 400, title: "Password too easy to guess" },
  forbidden: { status: 403, title: "Not allowed" },
  forbidden_origin: { status: 403, title: "Origin not allowed" },
  app_not_found: { status: 404, title: "No such app" },
  team_not_found: { status: 404, title: "No such team" },
  environment_not_found: { status: 404, title: "No such environment" },
  app_not_in_environment: { status: 404, title: "App is not in this environment" },
  version_not_found: { status: 404, title: "No such version" },
  operation_not_found: { status: 404, title: "No such operation" },
  user_not_found: { status: 404, title: "No such user" },
  member_not_found: { status: 404, title: "Not a member" },
  token_not_found: { status: 404, title: "No such token" },
  session_not_found: { status: 404, title: "No such session" },
  route_not_found: { status: 404, title: "No such address" },
  user_exists: { status: 409, title: "Name is taken" },
  last_admin: { status: 409, title: "The owner stays an administrator" },
  app_being_deleted: { status: 409, title: "App is being deleted" },
  environment_being_deleted: { status: 409, title: "Environment is being deleted" },
  dependency_cycle: { status: 409, title: "Apps depend on each other in a circle" },
  not_a_preview: { status: 409, title: "Not a preview" },
  too_many_previews: { status: 429, title: "Too many previews" },
  environment_busy: { status: 409, title: "Something goes on in the environment" },
  environment_frozen: { status: 409, title: "Environment is frozen" },
  team_exists: { status: 409, title: "Team exists" },
  team_in_use: { status: 409, title: "Team is in use" },
  environment_exists: { status: 409, title: "Environment exists" },
  app_exists: { status: 409, title: "App exists" },
  app_in_other_team: { status: 409, title: "App belongs to another team" },
  host_taken: { status: 409, title: "Host is taken" },
  nothing_deployed: { status: 409, title: "Nothing is deployed" },
  nothing_recorded: { status: 409, title: "No load was recorded" },
  nothing_to_promote: { status: 409, title: "Nothing to promote" },
  version_not_ready: { status: 409, title: "Version is not ready" },
  nothing_to_roll_back: { status: 409, title: "Nothing to roll back to" },
  operation_not_cancellable: { status: 409, title: "Operation cannot be cancelled" },
  precondition_failed: { status: 412, title: "Changed meanwhile" },
  body_too_large: { status: 413, title: "Body too large" },
  unsupported_media_type: { status: 415, title: "Unsupported media type" },
  too_many_operations: { status: 429, title: "Too many operations waiting" },
  single_sign_on_failed: { status: 401, title: "Single sign-on failed" },
  passwords_off: { status: 403, title: "No passwords here" },
  identity_provider_unavailable: { status: 503, title: "Identity provider not available" },
  idempotency_key_reused: { status: 422, title: "Idempotency key used for another request" },
  idempotency_in_progress: { status: 409, title: "Still being done" },
  idempotency_answer_secret: { status: 409, title: "Done already" },
  approval_not_needed: { status: 409, title: "Needs no approval" },
  approval_closed: { status: 409, title: "Does not wait for approval" },
  approval_own: { status: 403, title: "Approval by somebody else" },
  approval_twice: { status: 409, title: "Approved already" },
  too_many_tokens: { status: 429, title: "Too many tokens" },
  too_many_failures: { status: 429, title: "Too many failed sign-ins" },
  traffic_policy_unavailable: { status: 501, title: "No traffic policies in this cluster" },
  traffic_policy_pending: { status: 504, title: "The gateway does not have it yet" },
  what_if_unavailable: { status: 501, title: "No recorded load in this cluster" },
  too_many_tries: { status: 429, title: "Too many requests at once" },
  too_many_commands: { status: 429, title: "Too many commands at once" },
  instance_not_found: { status: 404, title: "No such instance" },
  explain_unavailable: { status: 501, title: "The cluster does not say" },
  internal: { status: 500, title: "Internal error" },
  cluster_unavailable: { status: 503, title: "Cluster not available" },
  upload_incomplete: { status: 400, title: "Upload incomplete" },
  storage_full: { status: 507, title: "Storage full" },
} as const satisfies Record<string, Entry>;
export type RequestErrorCode = keyof typeof REQUEST_ERRORS;

/** Every code that an operation can fail with, besides those of the builder and of the cluster's own answers. */
export const OPERATION_ERRORS = {
  start_failed: "The new version's revision reported that it cannot start",
  start_timeout: "The new version did not become ready in its time",
  crash_at_start: "The new version's program ended while it was starting",
  image_unavailable: "The image does not exist or cannot be pulled",
  secret_missing: "The source asks for a secret that is not set",
  quota_exceeded: "The team's quota does not allow it",
  configuration_invalid: "A variable refers to one that is not there, or in a circle",
  secret_values_lost: "The Secret object with the values is gone from the cluster",
  verify_failed: "The new version did not answer through its public URL",
  guard_breached: "The released version did worse than the one before, and was taken back",
  route_failed: "The route did not take the new split",
  version_gone: "A version of the split no longer exists",
  team_in_use: "The team has got apps meanwhile",
  name_too_long: "The app's name is too long for a host in the environment",
  not_all_apps: "Some apps of the environment did not follow it into sleep or out of it",
  environment_gone: "The environment was deleted meanwhile",
  namespace_taken: "The cluster has a namespace of the environment's name that Ebb did not make",
  app_in_other_team: "The source names an app of another team",
  host_taken: "Another app of the cluster has the host",
  name_taken: "A Knative Service of this name exists that is not Ebb's",
  refused_by_cluster: "The cluster refused the manifest",
  name_mismatch: "The source's name does not match the app's",
  source_lost: "The uploaded source is gone",
  deadline_exceeded: "The operation did not end in its time",
  cancelled: "Somebody cancelled it",
  rejected: "Somebody rejected it",
  approval_expired: "Nobody approved it in time",
  internal: "A fault of Ebb's own",
} as const;
export type OperationErrorCode = keyof typeof OPERATION_ERRORS;

/** A refused request. */
export function refuse(code: RequestErrorCode, message: string, options?: ErrorOptions): UserError {
  return new UserError(code, message, options);
}

/** The end of an operation that somebody other than us can mend. */
export function operationError(code: OperationErrorCode, message: string, options?: ErrorOptions): UserError {
  return new UserError(code, message, options);
}
