import type { AppEnvironment, Place, Revised, ScalingPolicy } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import { configurationQuery, placeQuery, scalingQuery } from "../../../../api/queries.ts";
import { usePlaceRights } from "../../../../api/team-queries.ts";
import { scaledByEbbQuery } from "../../../../api/what-if-query.ts";
import { useText } from "../../../../i18n/language.tsx";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { Loaded } from "../../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../../ui/page.tsx";
import { TakesRole } from "../../../../ui/takes-role.tsx";
import { usePlace } from "../../use-place.ts";
import { questionOf } from "../what-if/question.ts";
import { useQuestion } from "../what-if/use-question.ts";
import { WhatIfPanel } from "../what-if/what-if-panel.tsx";
import { InForce } from "./in-force.tsx";
import { draftPartOf } from "./scaling-draft.ts";
import { ScalingForm } from "./scaling-form.tsx";
import { ownOf } from "./scaling-says.ts";
import { useScalingEdit } from "./use-scaling-edit.ts";

const WHAT_IF = "what-if";

/** By what the app is scaled, another way to do it, and what that would have done. */
export function PolicyTab() {
  const text = useText();
  const words = usePolicyWords();
  const place = usePlace();
  const here = useQuery(placeQuery(place));
  const policy = useQuery(scalingQuery(place));
  return (
    <>
      <title>{`${text.appBar.parts.scalingPolicy} · ${place.app} · Ebb`}</title>
      <Loaded query={here} rows={8}>
        {(now) => {
          const version = speakingVersion(now);
          if (version === null) {
            return (
              <Panel title={words.title}>
                <Blank>{words.nothing}</Blank>
              </Panel>
            );
          }
          return (
            <Loaded query={policy} rows={8}>
              {(current) => <Parts key={`${place.app} ${place.env}`} place={place} policy={current} version={version} />}
            </Loaded>
          );
        }}
      </Loaded>
    </>
  );
}

/** Whose own settings count where nothing is set: the version that most requests go to. */
function speakingVersion({ traffic, latestVersion }: AppEnvironment): string | null {
  const [most] = traffic.toSorted((a, b) => b.percent - a.percent);
  return most?.version ?? latestVersion;
}

function Parts({ place, policy, version }: { place: Place; policy: Revised<ScalingPolicy>; version: string }) {
  const words = usePolicyWords();
  const { mayRelease, releaseRole } = usePlaceRights(place);
  const asked = useQuestion(place);
  const edit = useScalingEdit(place, policy);
  // What a version says is a help in words only: without it the page works.
  const own = ownOf(useQuery(configurationQuery(place, version)).data ?? []);
  const byEbb = useQuery(scaledByEbbQuery(place)).data !== false;
  const changes = Object.keys(edit.patch).length > 0;
  const question = changes && byEbb ? questionOf(edit.patch, own) : null;
  const speaking = { name: version, own };
  return (
    <>
      <Panel title={words.title}>
        <p className="faint">{words.intro}</p>
        {!byEbb && <Alert type="warning" showIcon title={words.ignored} />}
        <InForce env={place.env} policy={policy} version={speaking} />
        {mayRelease ? (
          <ScalingForm
            edit={edit}
            policy={policy}
            version={speaking}
            onAsk={
              question === null
                ? undefined
                : () => {
                    asked.askAbout(question);
                    document.getElementById(WHAT_IF)?.scrollIntoView();
                  }
            }
          />
        ) : (
          <TakesRole role={releaseRole} />
        )}
      </Panel>
      <WhatIfPanel
        id={WHAT_IF}
        place={place}
        policy={policy}
        edit={asked}
        onUse={mayRelease ? (settings) => edit.set(draftPartOf(settings)) : undefined}
      />
    </>
  );
}
