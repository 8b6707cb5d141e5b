import type { AppEnvironment, Place, Revised, SetTraffic, Version } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../../api/connection.ts";
import { useText } from "../../../i18n/language.tsx";
import type { Conflict } from "../../../ui/changed-meanwhile.tsx";
import { OperationProgress } from "../../../ui/operation-progress.tsx";
import { Blank } from "../../../ui/page.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { SaveRow } from "../../../ui/save-row.tsx";
import { Select } from "../../../ui/select.tsx";
import { useBase } from "../../../ui/use-base.ts";
import { byNewest } from "../../../ui/version.ts";
import { answering } from "../answering.ts";
import { MovedRequests } from "./moved-requests.tsx";
import { RuleList } from "./rule-list.tsx";
import { draftOf, isComplete, ruleChanges, rulesOf, type DraftRule } from "./rules-draft.ts";
import { SplitBar } from "./split-bar.tsx";
import { changesOf, offered, splitOf, targetsOf, without, withPercent, type Split } from "./split-draft.ts";
import { SplitRow } from "./split-row.tsx";
import { TrafficPreview } from "./traffic-preview.tsx";

interface Draft {
  split: Split;
  rules: DraftRule[];
}

/** Versions that can take requests, newest first; those that already do are always among them. */
function eligible(versions: readonly Version[]): Version[] {
  return versions.filter((version) => version.percent > 0 || version.state === "ready" || version.state === "asleep");
}

/** The picture of the traffic: rules above, what they leave below. Until somebody edits, it shows what is in force, also when that changes. */
export function TrafficForm({ place, versions, now }: { place: Place; versions: readonly Version[]; now: Revised<AppEnvironment> }) {
  const text = useText();
  const { rules: inForce } = now;
  const [draft, setDraft] = useState<Draft | null>(null);
  const usable = eligible(versions).map(({ name }) => name);
  const [newest] = usable;
  const current = splitOf(versions);
  const { split, rules } = draft ?? { split: offered(current, newest ?? ""), rules: draftOf(inForce) };
  const complete = isComplete(rules);
  const changes = changesOf(current, split);
  const ruled = ruleChanges(inForce, complete ? rulesOf(rules) : inForce);
  const same = changes.length === 0 && ruled.added.length === 0 && ruled.removed.length === 0 && !ruled.reordered;
  const wanted = { targets: targetsOf(split), rules: complete ? rulesOf(rules) : [] };
  const { base, rebase } = useBase(now, draft !== null);
  const apply = useMutation({
    mutationFn: ({ body, ifMatch }: { body: SetTraffic; ifMatch: string }) => client.setTraffic(place, body, { ifMatch }),
  });
  const reload = () => {
    setDraft(null);
    apply.reset();
  };
  const conflict: Conflict = {
    base: answering(base),
    now: answering(now),
    reload,
    overwrite: () => {
      rebase();
      apply.mutate({ body: wanted, ifMatch: now.revision });
    },
  };
  if (newest === undefined) return <Blank>{text.traffic.none}</Blank>;

  const edit = (part: Partial<Draft>) => setDraft({ split, rules, ...part });
  const shown = Object.keys(split).toSorted(byNewest);
  const more = usable.filter((version) => !(version in split));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (complete && !same) apply.mutate({ body: wanted, ifMatch: apply.isSuccess ? now.revision : base.revision });
      }}
    >
      <p className="faint">{text.traffic.intro}</p>
      <div className="flow">
        <section>
          <h3>{text.rules.title}</h3>
          <p className="faint">{rules.length === 0 ? text.rules.none : text.rules.intro}</p>
          <RuleList rules={rules} versions={usable} onChange={(next) => edit({ rules: next })} />
        </section>
        <section>
          <h3>{rules.length === 0 ? text.traffic.everybody : text.traffic.everybodyElse}</h3>
          <SplitBar split={split} onChange={(next) => edit({ split: next })} />
          {shown.map((version) => (
            <SplitRow
              key={version}
              version={version}
              percent={split[version] ?? 0}
              before={current[version] ?? 0}
              onChange={(percent) => edit({ split: withPercent(split, current, version, percent) })}
              onRemove={shown.length === 1 ? null : () => edit({ split: without(split, current, version) })}
            />
          ))}
          {more.length > 0 && (
            <Select
              className="add-version"
              value={null}
              placeholder={text.traffic.add}
              aria-label={text.traffic.add}
              options={more.map((version) => ({ value: version, label: version }))}
              onChange={(name: string | null) => name !== null && edit({ split: { ...split, [name]: 0 } })}
            />
          )}
          {usable.length === 1 && <p className="faint">{text.traffic.onlyOne}</p>}
        </section>
      </div>
      <TrafficPreview split={changes} rules={ruled} />
      <MovedRequests place={place} change={same || !complete ? null : wanted} />
      <SaveRow label={text.traffic.apply} ready={!same && complete} busy={apply.isPending} edited={draft !== null} onReset={reload}>
        {!complete && <span className="bad-text">{text.rules.incomplete}</span>}
      </SaveRow>
      <Refused of={apply} conflict={conflict} />
      {apply.isSuccess && <OperationProgress id={apply.data.id} onSucceeded={() => setDraft(null)} />}
    </form>
  );
}
