import type { Clock, Logger, Random } from "@ebb/base";
import type { RequestHead } from "../http1/heads.ts";
import type { GatewayLimits } from "../limits.ts";
import type { ForwardPlan } from "../rules/decide.ts";
import type { AccessLogEntry, GatewayTotals } from "./access-log.ts";
import type { BackendState } from "./backend-state.ts";
import type { RequestIds } from "./request-ids.ts";
import type { HostGuard, Preference } from "./host-guard.ts";
import type { ClientSide } from "./ports.ts";
import type { RouteMatch } from "./route-index.ts";
import type { Sweep } from "./sweep.ts";

/** What all exchanges of a gateway share. */
export interface ExchangeServices {
  clock: Clock;
  random: Random;
  ids: RequestIds;
  log: Logger;
  limits: GatewayLimits;
  sweep: Sweep;
  totals: GatewayTotals;
  /** See ForwardContext. */
  traceSampling: number;
  accessLog: ((entry: AccessLogEntry) => void) | undefined;
}

/** What one exchange is of. */
export interface ExchangeParts {
  client: ClientSide;
  request: RequestHead;
  backend: BackendState;
  /** What the route sets on the request. */
  setHeaders: Readonly<Record<string, string>>;
  /** What rules want; undefined for the hosts that have none. */
  plan?: ForwardPlan;
  /** The policy of the host that it came to. */
  guard?: HostGuard | undefined;
  /** Where its client was before, as the guard has read it. */
  stay?: Preference | undefined;
  /** As the client sent it, where rules have changed it. */
  asked?: RequestHead;
  /** By which host it came, if it is one to remember. */
  remember?: RouteMatch | undefined;
}
