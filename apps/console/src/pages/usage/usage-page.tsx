import type { UsageReport } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { usageQuery, USAGE_BY, type UsageBy } from "../../api/metrics-queries.ts";
import { useFormat, useSpeech, useText } from "../../i18n/language.tsx";
import { Choice } from "../../ui/choice.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Facts } from "../../ui/facts.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Page, Panel } from "../../ui/page.tsx";

const route = getRouteApi("/usage");
type Item = UsageReport["items"][number];
/** In any currency that the platform may count in. */
const SMALLEST = 0.01;

/** What instances used in the last 30 days, and what it would have been with one always kept of each app. */
export function UsagePage() {
  const text = useText();
  const { by = "app" } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(usageQuery(by));
  return (
    <Page
      title={text.usage.title}
      actions={
        <Choice
          label={text.usage.by}
          value={by}
          options={USAGE_BY.map((one) => [one, text.usage.bys[one]])}
          onChange={(next) => void navigate({ search: next === "app" ? {} : { by: next }, replace: true })}
        />
      }
    >
      <Loaded query={query} rows={6}>
        {(report) => <Report report={report} by={by} />}
      </Loaded>
    </Page>
  );
}

/** Money in the platform's currency, and hours. */
function useWords(report: UsageReport) {
  const text = useText();
  const format = useFormat();
  const { language } = useSpeech();
  const money = new Intl.NumberFormat(language, { style: "currency", currency: report.prices.currency });
  return {
    // What rounds to nothing is still something.
    money: (value: number) => (value > 0 && value < SMALLEST ? `< ${money.format(SMALLEST)}` : money.format(value)),
    hours: (seconds: number) => `${format.decimal(seconds / 3600)} ${text.usage.hour}`,
    share: (share: number | null) => (share === null ? "–" : format.percent(Math.round(100 * share) || 0)),
  };
}

function Report({ report, by }: { report: UsageReport; by: UsageBy }) {
  const text = useText();
  const format = useFormat();
  const words = useWords(report);
  const { total, items, gaps } = report;
  const facts: [string, string][] = [
    [text.usage.cost, words.money(total.cost)],
    [text.usage.kept, words.money(total.kept.cost)],
    [text.usage.saved, words.share(total.savedShare)],
    [text.usage.hours, words.hours(total.instanceSeconds)],
  ];
  const columns: Column<Item>[] = [
    {
      key: "name",
      title: text.usage.bys[by],
      render: (item) => <b>{by === "day" && item.day !== null ? format.day(item.day) : nameOf(item, by)}</b>,
      compare: (a, b) => nameOf(a, by).localeCompare(nameOf(b, by)),
    },
    // Next to the name: this is what one comes for.
    {
      key: "saved",
      title: text.usage.saved,
      align: "right",
      render: (item) => <span className="number">{words.share(item.savedShare)}</span>,
      compare: (a, b) => (a.savedShare ?? -1) - (b.savedShare ?? -1),
    },
    {
      key: "hours",
      title: text.usage.hours,
      align: "right",
      render: (item) => <span className="number">{words.hours(item.instanceSeconds)}</span>,
      compare: (a, b) => a.instanceSeconds - b.instanceSeconds,
    },
    {
      key: "cost",
      title: text.usage.cost,
      align: "right",
      render: (item) => <span className="number">{words.money(item.cost)}</span>,
      compare: (a, b) => a.cost - b.cost,
    },
    {
      key: "kept",
      title: text.usage.kept,
      align: "right",
      render: (item) => <span className="number">{words.money(item.kept.cost)}</span>,
    },
  ];
  return (
    <>
      <Panel title={text.usage.days(format.day(report.from), format.day(report.to))}>
        <Facts facts={facts} />
        <p className="faint">{text.usage.help}</p>
        {gaps.map((gap) => (
          <p key={`${gap.cluster} ${gap.from}`} className="warn">
            {text.usage.gap(gap.cluster, format.dateTime(gap.from), format.dateTime(gap.to))}
          </p>
        ))}
      </Panel>
      {items.length === 0 ? (
        <Blank>{text.usage.none}</Blank>
      ) : (
        <DataTable
          label={text.usage.title}
          rows={items}
          columns={columns}
          keyOf={(item) => `${item.team} ${item.app} ${item.environment} ${item.day}`}
        />
      )}
    </>
  );
}

function nameOf(item: Item, by: UsageBy): string {
  return (
    (by === "app"
      ? [item.app, item.environment].filter(Boolean).join(" · ")
      : by === "environment"
        ? [item.team, item.environment].filter(Boolean).join(" · ")
        : by === "team"
          ? item.team
          : item.day) ?? "–"
  );
}
