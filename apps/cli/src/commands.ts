import { approvalsCommand, approveCommand, rejectCommand } from "./commands/approvals.ts";
import { appsCommand } from "./commands/apps.ts";
import {
  clusterAddCommand,
  clusterCheckCommand,
  clusterDeleteCommand,
  clusterHostsCommand,
  clusterListCommand,
} from "./commands/cluster.ts";
import { auditExportCommand, auditListCommand, auditShowCommand, auditVerifyCommand } from "./commands/audit.ts";
import { completeCommand, completionCommand } from "./commands/completion.ts";
import { deleteCommand } from "./commands/delete.ts";
import { dependsCommand } from "./commands/depends.ts";
import { deployCommand } from "./commands/deploy.ts";
import { domainSettingsCommand } from "./commands/domain-settings.ts";
import {
  domainAddCommand,
  domainCertCommand,
  domainListCommand,
  domainRemoveCommand,
  domainSetCommand,
  domainShowCommand,
  domainAcceptCommand,
  domainVerifyCommand,
} from "./commands/domains.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { downCommand } from "./commands/down.ts";
import { envCreateCommand, envDeleteCommand, envListCommand, envSetCommand, envShowCommand } from "./commands/environments.ts";
import { envFreezeCommand, envUnfreezeCommand } from "./commands/freezes.ts";
import { envMoveCommand } from "./commands/move.ts";
import { envScheduleCommand, envSleepCommand, envWakeCommand } from "./commands/sleep.ts";
import { applyCommand, exportCommand } from "./commands/export-apply.ts";
import { requestsCommand } from "./commands/requests.ts";
import { explainCommand } from "./commands/explain.ts";
import { hostCommand } from "./commands/host.ts";
import { kubeconfigCommand } from "./commands/kubeconfig.ts";
import { loginCommand, logoutCommand, whoamiCommand } from "./commands/login.ts";
import { eventsCommand } from "./commands/events.ts";
import { execCommand } from "./commands/exec.ts";
import { logsCommand } from "./commands/logs.ts";
import { mcpCommand } from "./commands/mcp.ts";
import { metricsCommand } from "./commands/metrics.ts";
import { openCommand } from "./commands/open.ts";
import { operationsCancelCommand, operationsListCommand, operationsShowCommand } from "./commands/operations.ts";
import { envExtendCommand, envPreviewCommand } from "./commands/previews.ts";
import { promoteCommand } from "./commands/promote.ts";
import { mirrorCommand, mirrorReportCommand } from "./commands/mirror.ts";
import { releaseAbortCommand, releaseCommand, releaseContinueCommand, releaseStatusCommand } from "./commands/release.ts";
import { repoForgetCommand, repoKeyCommand, repoKeysCommand, repoServersCommand } from "./commands/repo-keys.ts";
import { repoDeployCommand, repoHookCommand, repoLinkCommand, repoShowCommand, repoUnlinkCommand } from "./commands/repo.ts";
import { restartCommand } from "./commands/restart.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { secretsListCommand, secretsRotateKeyCommand, secretsSetCommand, secretsUnsetCommand } from "./commands/secrets.ts";
import { statusCommand } from "./commands/status.ts";
import { teamAddCommand, teamMembersCommand, teamRemoveCommand, teamRoleCommand, teamQuotaCommand } from "./commands/team.ts";
import { teamCreateCommand, teamDeleteCommand, teamListCommand, teamSetCommand, teamShowCommand } from "./commands/teams.ts";
import { tokenCreateCommand, tokenListCommand, tokenRevokeCommand } from "./commands/token.ts";
import { trafficCommand } from "./commands/traffic.ts";
import { databaseCopyCommand } from "./commands/database.ts";
import { platformCommand } from "./commands/platform.ts";
import { upCommand } from "./commands/up.ts";
import { usageCommand, usagePriceCommand } from "./commands/usage.ts";
import { sessionListCommand, sessionRevokeCommand } from "./commands/session.ts";
import {
  userCreateCommand,
  userDisableCommand,
  userEnableCommand,
  userListCommand,
  userResetPasswordCommand,
  userSetCommand,
} from "./commands/user.ts";
import { varsListCommand, varsSetCommand, varsUnsetCommand } from "./commands/vars.ts";
import {
  versionsCommand,
  versionsDiffCommand,
  versionsPinCommand,
  versionsPruneCommand,
  versionsUnpinCommand,
} from "./commands/versions.ts";
import { coldStartsCommand } from "./commands/cold-starts.ts";
import { whyCommand } from "./commands/why.ts";
import { whatIfCommand } from "./commands/what-if.ts";
import { guardCommand } from "./commands/guard.ts";
import { scaleCommand } from "./commands/scale.ts";
import type { Command } from "./command.ts";

/** Every command, in the order of the documentation. */
export const COMMANDS: readonly Command[] = [
  upCommand,
  downCommand,
  platformCommand,
  databaseCopyCommand,
  statusCommand,
  doctorCommand,
  deployCommand,
  appsCommand,
  versionsCommand,
  versionsDiffCommand,
  versionsPinCommand,
  versionsUnpinCommand,
  versionsPruneCommand,
  logsCommand,
  execCommand,
  metricsCommand,
  requestsCommand,
  whyCommand,
  eventsCommand,
  coldStartsCommand,
  whatIfCommand,
  scaleCommand,
  guardCommand,
  dependsCommand,
  openCommand,
  deleteCommand,
  trafficCommand,
  explainCommand,
  releaseCommand,
  releaseStatusCommand,
  releaseContinueCommand,
  releaseAbortCommand,
  mirrorCommand,
  mirrorReportCommand,
  rollbackCommand,
  restartCommand,
  promoteCommand,
  hostCommand,
  domainListCommand,
  domainShowCommand,
  domainAddCommand,
  domainVerifyCommand,
  domainAcceptCommand,
  domainCertCommand,
  domainSetCommand,
  domainRemoveCommand,
  domainSettingsCommand,
  repoShowCommand,
  repoLinkCommand,
  repoDeployCommand,
  repoHookCommand,
  repoUnlinkCommand,
  repoKeysCommand,
  repoKeyCommand,
  repoForgetCommand,
  repoServersCommand,
  varsListCommand,
  varsSetCommand,
  varsUnsetCommand,
  secretsListCommand,
  secretsSetCommand,
  secretsUnsetCommand,
  secretsRotateKeyCommand,
  usageCommand,
  usagePriceCommand,
  envListCommand,
  envShowCommand,
  envCreateCommand,
  envSetCommand,
  envFreezeCommand,
  envUnfreezeCommand,
  envPreviewCommand,
  envExtendCommand,
  envSleepCommand,
  envWakeCommand,
  envMoveCommand,
  envScheduleCommand,
  envDeleteCommand,
  clusterListCommand,
  clusterAddCommand,
  clusterCheckCommand,
  clusterHostsCommand,
  clusterDeleteCommand,
  exportCommand,
  applyCommand,
  loginCommand,
  logoutCommand,
  whoamiCommand,
  sessionListCommand,
  sessionRevokeCommand,
  tokenListCommand,
  tokenCreateCommand,
  tokenRevokeCommand,
  userListCommand,
  userCreateCommand,
  userSetCommand,
  userDisableCommand,
  userEnableCommand,
  userResetPasswordCommand,
  teamListCommand,
  teamShowCommand,
  teamCreateCommand,
  teamSetCommand,
  teamDeleteCommand,
  teamMembersCommand,
  teamAddCommand,
  teamRoleCommand,
  teamRemoveCommand,
  teamQuotaCommand,
  approvalsCommand,
  approveCommand,
  rejectCommand,
  auditListCommand,
  auditShowCommand,
  auditExportCommand,
  auditVerifyCommand,
  operationsListCommand,
  operationsShowCommand,
  operationsCancelCommand,
  kubeconfigCommand,
  mcpCommand,
  completionCommand,
  completeCommand(() => COMMANDS),
];
