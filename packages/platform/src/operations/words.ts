import { sayings } from "@ebb/base";

/** What is said of an operation's phases, and of decisions among what happened; what the cluster says, or an app, is passed on as it is. */
export const say = sayings({
  "clone.looking": "Looking for {url}",
  "create.creating": "Creating {version}",
  "start.starting": "Starting {version}",
  "start.ready": "{version} is ready",
  "route.preview": "Giving {version} its preview URL",
  "route.moving": "Moving the traffic to {version}",
  "route.splitting": "Moving the traffic",
  "verify.asking": "Asking for {url}",
  "verify.answered": "{url} answered {status}",
  "settings.reading": "Reading the settings",
  "settings.kept": "Kept for the first version",
  "sleep.sleeping": "Letting {apps} fall asleep",
  "wake.waking": "Waking {apps}",
  "sleep.overtaken": "Something else is wanted of it by now",
  "delete.deleting": "Deleting it from the cluster",
  "delete.waiting": "Waiting for {names}",
  "delete.namespace": "Waiting for the namespace {namespace}",
  "move.checking": "Asking {cluster}",
  "move.copying": "Bringing {app} to {cluster}",
  "move.switching": "Leading everybody to {cluster}",
  "move.holding": "What is on {cluster} serves on until {until}",
  "move.removing": "Taking away what is left on {cluster}",
  "decision.count": "{count}: ",
  "step.moving": "{percent} % to {version}",
});
