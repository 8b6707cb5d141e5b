import type { Place, Version } from "@ebb/api";
import { useMutation, useQuery } from "@tanstack/react-query";
import Button from "antd/es/button";
import Select from "antd/es/select";
import { useState } from "react";
import { client } from "../../api/connection.ts";
import { versionsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { OperationProgress } from "../../ui/operation-progress.tsx";
import { Blank, Panel } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { TrafficBar } from "../../ui/traffic-bar.tsx";
import { changesOf, splitOf, sumOf, targetsOf, withPercent, balanced, type Split } from "./traffic-draft.ts";
import { TrafficRow } from "./traffic-row.tsx";
import { usePlace } from "./use-place.ts";

export function TrafficTab() {
  const text = useText();
  const place = usePlace();
  const { app } = place;
  const query = useQuery(versionsQuery(place));
  return (
    <>
      <title>{`${text.app.traffic} · ${app} · Ebb`}</title>
      <Panel title={text.traffic.title}>
        <Loaded query={query}>{(versions) => <TrafficForm key={place.env} place={place} versions={versions} />}</Loaded>
      </Panel>
    </>
  );
}

/** Versions that can take requests, newest first; those that already do are always among them. */
function eligible(versions: readonly Version[]): Version[] {
  return versions.filter((version) => version.percent > 0 || version.state === "ready" || version.state === "asleep");
}

function TrafficForm({ place, versions }: { place: Place; versions: readonly Version[] }) {
  const text = useText();
  const usable = eligible(versions);
  const current = splitOf(versions);
  // Until somebody edits, the form shows what is in force, also when that changes elsewhere. The newest version is offered at once.
  const offered: Split = usable[0] === undefined ? current : { [usable[0].name]: 0, ...current };
  const [draft, setDraft] = useState<Split | null>(null);
  const split = draft ?? offered;
  const changes = changesOf(current, split);
  const sum = sumOf(split);
  const apply = useMutation({ mutationFn: () => client.setTraffic(place, { targets: targetsOf(split) }) });
  const shown = usable.filter((version) => version.name in split);
  const more = usable.filter((version) => !(version.name in split));

  if (usable.length === 0) return <Blank>{text.traffic.none}</Blank>;
  if (usable.length === 1 && changes.length === 0 && sum === 100) return <Blank>{text.traffic.onlyOne}</Blank>;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (sum === 100 && changes.length > 0) apply.mutate();
      }}
    >
      <p className="faint">{text.traffic.intro}</p>
      {shown.map((version) => (
        <TrafficRow
          key={version.name}
          version={version.name}
          percent={split[version.name] ?? 0}
          onChange={(percent) => setDraft(withPercent(split, version.name, percent))}
          onBalance={sum === 100 ? null : () => setDraft(balanced(split, version.name))}
        />
      ))}
      {more.length > 0 && (
        <Select<string>
          className="add-version"
          value={null}
          placeholder={text.traffic.add}
          aria-label={text.traffic.add}
          options={more.map((version) => ({ value: version.name, label: version.name }))}
          onChange={(name) => setDraft({ ...split, [name]: 0 })}
        />
      )}
      <TrafficPreview current={current} split={split} sum={sum} />
      <div className="form-actions">
        <Button type="primary" htmlType="submit" loading={apply.isPending} disabled={sum !== 100 || changes.length === 0}>
          {text.traffic.apply}
        </Button>
        <Button disabled={draft === null} onClick={() => setDraft(null)}>
          {text.traffic.reset}
        </Button>
      </div>
      {apply.isError && <ProblemNote error={apply.error} title={text.problem.refused} />}
      {apply.isSuccess && <OperationProgress id={apply.data.id} onSucceeded={() => setDraft(null)} />}
    </form>
  );
}

function TrafficPreview({ current, split, sum }: { current: Split; split: Split; sum: number }) {
  const text = useText();
  const changes = changesOf(current, split);
  const verdict = sum === 100 ? "" : ` · ${sum < 100 ? text.traffic.sumShort(100 - sum) : text.traffic.sumOver(sum - 100)}`;
  return (
    <div className="traffic-preview" aria-live="polite">
      <TrafficBar targets={targetsOf(split)} />
      <p className={sum === 100 ? "faint" : "bad-text"}>
        {text.traffic.sum(sum)}
        {verdict}
      </p>
      <h3>{text.traffic.preview}</h3>
      {changes.length === 0 ? (
        <p className="faint">{text.traffic.noChange}</p>
      ) : (
        <ul>
          {changes.map((change) => (
            <li key={change.version}>
              <b>{text.traffic.change(change.version, change.from, change.to)}</b>{" "}
              <span className="faint">
                {change.to === 0 && text.traffic.gone(change.version)}
                {change.from === 0 && text.traffic.fresh(change.version)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
