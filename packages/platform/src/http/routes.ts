import type { FastifyInstance } from "fastify";
import { registerApprovalRoutes } from "./routes/approvals.ts";
import { registerAppRoutes } from "./routes/apps.ts";
import { registerAuditRoutes } from "./routes/audit.ts";
import { registerClusterRoutes } from "./routes/clusters.ts";
import { registerDeploymentRoutes } from "./routes/deployments.ts";
import { registerDomainRoutes } from "./routes/domains.ts";
import { registerExecRoutes } from "./routes/exec.ts";
import { registerGitRoutes } from "./routes/git.ts";
import { registerMemberRoutes } from "./routes/members.ts";
import { registerObserveRoutes } from "./routes/observe.ts";
import { registerScalingRoutes } from "./routes/scaling.ts";
import { registerOperationRoutes } from "./routes/operations.ts";
import { registerReleaseRoutes } from "./routes/releases.ts";
import { registerSessionRoutes } from "./routes/sessions.ts";
import { registerSettingsRoutes } from "./routes/settings.ts";
import type { RouteDeps } from "./routes/shapes.ts";
import { registerSingleSignOnRoutes } from "./routes/single-sign-on.ts";
import { registerStatusRoutes } from "./routes/status.ts";
import { registerTeamRoutes } from "./routes/teams.ts";
import { registerTrafficRoutes } from "./routes/traffic.ts";
import { registerTryRoutes } from "./routes/tries.ts";
import { registerUsageRoutes } from "./routes/usage.ts";
import { registerUserRoutes } from "./routes/users.ts";
import { registerVersionRoutes } from "./routes/versions.ts";

const AREAS = [
  registerStatusRoutes,
  registerTeamRoutes,
  registerClusterRoutes,
  registerAppRoutes,
  registerVersionRoutes,
  registerObserveRoutes,
  registerScalingRoutes,
  registerSettingsRoutes,
  registerTrafficRoutes,
  registerDomainRoutes,
  registerUsageRoutes,
  registerReleaseRoutes,
  registerTryRoutes,
  registerExecRoutes,
  registerDeploymentRoutes,
  registerGitRoutes,
  registerOperationRoutes,
  registerApprovalRoutes,
  registerSessionRoutes,
  registerSingleSignOnRoutes,
  registerUserRoutes,
  registerMemberRoutes,
  registerAuditRoutes,
];

/** All routes below /api/v1; each area has a file in routes/. */
export function registerRoutes(server: FastifyInstance, deps: RouteDeps): void {
  for (const register of AREAS) register(server, deps);
}
