import type { ReleaseGuard } from "@ebb/api";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { DataTable, type Column } from "../../../ui/data-table.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";
import type { GuardFigure } from "./guard-figures.ts";

/** What the new version does in this step against the old one, and how much worse it may be. */
export function GuardTable({ guard, figures, recorded }: { guard: ReleaseGuard; figures: readonly GuardFigure[]; recorded: boolean }) {
  const text = useText();
  const format = useFormat();
  if (!recorded) return <p className="warn">{text.releases.notRecorded}</p>;
  const columns: Column<GuardFigure>[] = [
    {
      key: "version",
      title: text.common.version,
      render: ({ version, fresh }) => (
        <>
          <VersionMark version={version} /> <span className="faint">{fresh ? text.releases.fresh : text.releases.old}</span>
        </>
      ),
    },
    { key: "requests", title: text.live.requests, align: "right", render: ({ requests }) => format.number(requests) },
    {
      key: "errors",
      title: text.live.errorRate,
      align: "right",
      render: ({ errors }) => (errors === null ? "–" : format.percent(errors)),
    },
    { key: "p95", title: "p95", align: "right", render: ({ p95Ms }) => (p95Ms === null ? "–" : format.duration(p95Ms)) },
  ];
  return (
    <>
      <h3>{text.releases.guard}</h3>
      <DataTable label={text.releases.guard} rows={figures} columns={columns} keyOf={({ version }) => version} />
      <p className="faint">
        {text.releases.guardText({
          errors: format.percent(100 * guard.maxErrorRate),
          ratio: format.decimal(guard.maxP95Ratio),
          requests: format.number(guard.minRequests),
          restarts: format.number(guard.maxRestarts),
        })}
      </p>
    </>
  );
}
