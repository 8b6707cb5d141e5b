import {
  appKey,
  clusterKey,
  configurationKey,
  domainKey,
  domainSettingsKey,
  environmentKey,
  gitSettingsKey,
  layerKey,
  placeKey,
  quotaKey,
  repositoryKey,
  scalingKey,
  teamKey,
  trafficPolicyKey,
  userKey,
  versionKey,
} from "../revisions/keys.ts";

/** Parameters of an address. */
type Params = Readonly<Record<string, string>>;
type Key = (params: Params) => string;

const of =
  (make: (...values: string[]) => string, ...names: string[]): Key =>
  (params) =>
    make(...names.map((name) => params[name] ?? ""));

const AT = "/apps/:app/environments/:env";
const PLACE = of(placeKey, "app", "env");
const CONFIGURATION = of(configurationKey, "app", "env");
const DOMAIN = of(domainKey, "app", "env", "domain");
const ENVIRONMENT = of(environmentKey, "team", "env");
const layer: Key = ({ team = "", env = "" }) => layerKey(team, env);

/** What people read, change and read again, by its address: a GET answers with its revision and an ETag. */
export const RESOURCES: Readonly<Record<string, Key>> = {
  "/teams/:team": of(teamKey, "team"),
  "/teams/:team/quota": of(quotaKey, "team"),
  "/teams/:team/environments/:env": ENVIRONMENT,
  "/apps/:app": of(appKey, "app"),
  [AT]: PLACE,
  [`${AT}/variables`]: CONFIGURATION,
  [`${AT}/secrets`]: CONFIGURATION,
  [`${AT}/configuration`]: CONFIGURATION,
  [`${AT}/scaling`]: of(scalingKey, "app", "env"),
  [`${AT}/traffic-policy`]: of(trafficPolicyKey, "app", "env"),
  [`${AT}/versions/:version`]: of(versionKey, "app", "env", "version"),
  [`${AT}/domains/:domain`]: DOMAIN,
  "/domain-settings": domainSettingsKey,
  "/git-settings": gitSettingsKey,
  "/apps/:app/repository": of(repositoryKey, "app"),
  "/configuration": layer,
  "/teams/:team/configuration": layer,
  "/teams/:team/environments/:env/configuration": layer,
  "/clusters/:cluster": of(clusterKey, "cluster"),
  "/users/:user": of(userKey, "user"),
};

/** Changes at other addresses of what is read at one of those. */
export const CHANGES: Readonly<Record<string, Key>> = {
  [`${AT}/domains/:domain/certificate`]: DOMAIN,
  [`${AT}/domains/:domain/accept`]: DOMAIN,
  "/apps/:app/repository/hook": of(repositoryKey, "app"),
  [`${AT}/traffic`]: PLACE,
  [`${AT}/mirror`]: PLACE,
  [`${AT}/rollback`]: PLACE,
  [`${AT}/restart`]: PLACE,
  [`${AT}/promote`]: PLACE,
  [`${AT}/releases`]: PLACE,
  [`${AT}/releases/continue`]: PLACE,
  [`${AT}/releases/abort`]: PLACE,
  "/teams/:team/environments/:env/sleep": ENVIRONMENT,
  "/teams/:team/environments/:env/wake": ENVIRONMENT,
  "/teams/:team/environments/:env/move": ENVIRONMENT,
  "/teams/:team/previews/:env": ENVIRONMENT,
};

/** Changes of an app in an environment which their body or query names: the service says which it is once it has read it (`madeOn`). */
export const NAMED_WITHIN: ReadonlySet<string> = new Set(["/deployments", "/deployments/git"]);
