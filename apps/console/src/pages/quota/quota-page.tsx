import type { PatchQuota, Revised, TeamQuota } from "@ebb/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Input from "antd/es/input";
import { useId } from "react";
import { client } from "../../api/connection.ts";
import { quotaQuery, useRights } from "../../api/team-queries.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import type { Conflict } from "../../ui/changed-meanwhile.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { SaveRow } from "../../ui/save-row.tsx";
import { useEdit } from "../../ui/use-edit.ts";
import { TeamSections } from "../teams/team-sections.tsx";
import { amountOf, draftOf, figuresOf, isBad, patchOf, RESOURCES, type Figure, type QuotaDraft } from "./quota-draft.ts";

const route = getRouteApi("/teams/$team/quota");

/** What a team may have, and has. */
export function QuotaPage() {
  const { quota: text } = useText();
  const { team } = route.useParams();
  const query = useQuery(quotaQuery(team));
  const { platformAdmin } = useRights(team);
  return (
    <Page title={text.title(team)}>
      <TeamSections team={team} />
      <Loaded query={query}>
        {(quota) => (
          <>
            <Panel title={text.used}>
              <p className="faint">{text.intro}</p>
              <ul className="quota">
                {figuresOf(quota).map((figure) => (
                  <QuotaBar key={figure.resource} figure={figure} />
                ))}
              </ul>
            </Panel>
            <Panel title={text.limits}>
              {platformAdmin ? <QuotaForm key={team} team={team} quota={quota} /> : <p className="faint">{text.readOnly}</p>}
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function QuotaBar({ figure: { resource, used, limit, share } }: { figure: Figure }) {
  const { quota: text } = useText();
  const format = useFormat();
  // Of cores, `7500m of 8` would have to be reckoned.
  const shown = (quantity: string) => (resource === "cpu" ? format.decimal(amountOf(quantity)) : quantity);
  const words = limit === null ? text.unlimited(shown(used)) : text.of(shown(used), shown(limit));
  const tone = share === null || share < 0.8 ? "" : share < 1 ? "quota-near" : "quota-full";
  return (
    <li>
      <b>{text.resources[resource]}</b>
      <span
        className={`quota-bar ${tone}`}
        role="img"
        aria-label={`${text.resources[resource]}: ${words}${share === null ? "" : `, ${format.percent(100 * share)}`}`}
      >
        {share !== null && <span style={{ width: `${Math.min(100, 100 * share)}%` }} />}
      </span>
      <span className="number">{words}</span>
      {share !== null && share >= 1 && <span className="warn">{text.full}</span>}
    </li>
  );
}

/** Changed by the platform's administrators alone. */
function QuotaForm({ team, quota }: { team: string; quota: Revised<TeamQuota> }) {
  const text = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const edit = useEdit<QuotaDraft, PatchQuota, Revised<TeamQuota>>(quota, async (next, on) => {
    const after = await client.patchQuota(team, next, on);
    queryClient.setQueryData(quotaQuery(team).queryKey, after);
    return after;
  });
  const { edited, setEdited, base, save, reload } = edit;
  const draft = edited ?? draftOf(quota.quota);
  const patch = patchOf(base.quota, draft);
  const same = Object.keys(patch).length === 0;
  const sound = RESOURCES.every((resource) => !isBad(resource, draft[resource]));
  const conflict: Conflict = { base: base.quota, now: quota.quota, reload, overwrite: () => edit.overwrite(patch) };
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (!same && sound) edit.submit(patch);
      }}
    >
      {RESOURCES.map((resource) => {
        const bad = isBad(resource, draft[resource]);
        return (
          <div key={resource} className="guard-field">
            <label htmlFor={`${id}-${resource}`}>{text.quota.resources[resource]}</label>
            <Input
              id={`${id}-${resource}`}
              value={draft[resource]}
              status={bad ? "error" : ""}
              placeholder={text.quota.none}
              spellCheck={false}
              onChange={({ target }) => setEdited({ ...draft, [resource]: target.value.trim() })}
            />
            {bad && <span className="bad-text">{text.quota.bad[resource]}</span>}
          </div>
        );
      })}
      <p className="faint">{text.quota.help}</p>
      <SaveRow label={text.environments.save} ready={!same && sound} busy={save.isPending} edited={edited !== null} onReset={reload} />
      <Refused of={save} conflict={conflict} />
    </form>
  );
}
