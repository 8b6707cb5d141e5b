import { appsCommand } from "./commands/apps.ts";
import { auditExportCommand, auditListCommand, auditVerifyCommand } from "./commands/audit.ts";
import { completeCommand, completionCommand } from "./commands/completion.ts";
import { deleteCommand } from "./commands/delete.ts";
import { deployCommand } from "./commands/deploy.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { downCommand } from "./commands/down.ts";
import { envListCommand, envSetCommand, envUnsetCommand } from "./commands/env.ts";
import { kubeconfigCommand } from "./commands/kubeconfig.ts";
import { loginCommand, logoutCommand, whoamiCommand } from "./commands/login.ts";
import { logsCommand } from "./commands/logs.ts";
import { metricsCommand } from "./commands/metrics.ts";
import { openCommand } from "./commands/open.ts";
import { operationsCancelCommand, operationsListCommand, operationsShowCommand } from "./commands/operations.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { secretsListCommand, secretsSetCommand, secretsUnsetCommand } from "./commands/secrets.ts";
import { statusCommand } from "./commands/status.ts";
import { teamAddCommand, teamMembersCommand, teamRemoveCommand, teamRoleCommand } from "./commands/team.ts";
import { tokenCreateCommand, tokenListCommand, tokenRevokeCommand } from "./commands/token.ts";
import { trafficCommand } from "./commands/traffic.ts";
import { upCommand } from "./commands/up.ts";
import { userCreateCommand, userDisableCommand, userEnableCommand, userListCommand, userResetPasswordCommand } from "./commands/user.ts";
import { versionsCommand } from "./commands/versions.ts";
import { coldStartsCommand } from "./commands/cold-starts.ts";
import { whyCommand } from "./commands/why.ts";
import type { Command } from "./command.ts";

/** Every command, in the order of the documentation. */
export const COMMANDS: readonly Command[] = [
  upCommand,
  downCommand,
  statusCommand,
  doctorCommand,
  deployCommand,
  appsCommand,
  versionsCommand,
  logsCommand,
  metricsCommand,
  whyCommand,
  coldStartsCommand,
  openCommand,
  deleteCommand,
  trafficCommand,
  rollbackCommand,
  envListCommand,
  envSetCommand,
  envUnsetCommand,
  secretsListCommand,
  secretsSetCommand,
  secretsUnsetCommand,
  loginCommand,
  logoutCommand,
  whoamiCommand,
  tokenListCommand,
  tokenCreateCommand,
  tokenRevokeCommand,
  userListCommand,
  userCreateCommand,
  userDisableCommand,
  userEnableCommand,
  userResetPasswordCommand,
  teamMembersCommand,
  teamAddCommand,
  teamRoleCommand,
  teamRemoveCommand,
  auditListCommand,
  auditExportCommand,
  auditVerifyCommand,
  operationsListCommand,
  operationsShowCommand,
  operationsCancelCommand,
  kubeconfigCommand,
  completionCommand,
  completeCommand(() => COMMANDS),
];
