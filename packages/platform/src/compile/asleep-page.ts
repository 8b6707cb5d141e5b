import type { HttpRoute } from "@ebb/kube";

/** What the page says. */
export interface AsleepPage {
  app: string;
  team: string;
  environment: string;
  /** When its schedule wakes it: milliseconds since the epoch, and the zone to show it in. */
  wakes?: { at: number; timeZone: string };
}

/** Small: an Envoy takes bodies of 4 KiB in a route. */
export function asleepPage({ app, team, environment, wakes }: AsleepPage): string {
  const until = wakes ? ` until ${localTime(wakes)}` : "";
  const hint = wakes ? "It wakes by itself." : "";
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${app} is asleep</title>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1em;color:#223">
<h1 style="font-size:1.5em">${app} is asleep</h1>
<p>The environment <b>${environment}</b> of the team <b>${team}</b> sleeps${until}. ${hint}</p>
<p>To wake it now: <code>ebb env wake ${environment} --team ${team}</code></p>
</body></html>
`;
}

/** Answers every request with the page, as one that may be sent again later. */
export function asleepRoute(page: AsleepPage): HttpRoute {
  const set = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    ...(page.wakes ? { "retry-after": new Date(page.wakes.at).toUTCString() } : {}),
  };
  return { name: "asleep", directResponse: { status: 503, body: { string: asleepPage(page) } }, headers: { response: { set } } };
}

/** Mon, 5 Oct 2026, 07:00 (Europe/Berlin) */
function localTime({ at, timeZone }: NonNullable<AsleepPage["wakes"]>): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
  return `${format.format(at)} (${timeZone})`;
}
