/** What scripts can rely on; listed in `ebb --help` and docs/reference/cli.md. Never renumbered. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  unauthorised: 5,
  waiting: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Record<ExitCode, string> = {
  0: "done",
  1: "failed: a deployment, a check or the platform said no",
  2: "usage: an unknown command or option, or a value that cannot be right",
  3: "not found: no such application, version or operation",
  4: "unreachable: the platform does not answer",
  5: "not authorised: no token, or one that is not valid",
  6: "waiting: the change is accepted and needs somebody's approval first",
  130: "interrupted (Ctrl-C)",
};
