import type { Place, ScalingPolicy } from "@ebb/api";
import { ApiError } from "@ebb/api/client";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { QuestionSearch } from "../../../../api/question.ts";
import { whatIfQuery } from "../../../../api/what-if-query.ts";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { Loaded } from "../../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../../ui/page.tsx";
import { OutcomeShown } from "./outcome-shown.tsx";
import { QuestionForm } from "./question-form.tsx";

const route = getRouteApi("/apps/$app/$env/scaling-policy");

interface WhatIfPanelProps {
  id: string;
  place: Place;
  /** Of the policy in force: under another there is another answer. */
  revision: string;
  onAsk: (search: QuestionSearch) => void;
  /** Takes settings over into the form; absent for who may not change them. */
  onUse: ((settings: Partial<ScalingPolicy>) => void) | undefined;
}

/** What another policy would have done with the requests that were recorded. */
export function WhatIfPanel({ id, place, revision, onAsk, onUse }: WhatIfPanelProps) {
  const { whatIf: words } = usePolicyWords();
  const search = route.useSearch();
  return (
    <div id={id}>
      <Panel title={words.title}>
        <p className="faint">{words.intro}</p>
        <QuestionForm key={`${place.app} ${place.env}`} place={place} search={search} onAsk={onAsk} />
        {search.over !== undefined && <Answer place={place} search={search} revision={revision} onUse={onUse} />}
      </Panel>
    </div>
  );
}

type AnswerProps = Pick<WhatIfPanelProps, "place" | "revision" | "onUse"> & { search: QuestionSearch };

/** That there is none is an answer, too, and no failure. */
function Answer({ place, search, revision, onUse }: AnswerProps) {
  const { whatIf: words } = usePolicyWords();
  const query = useQuery(whatIfQuery(place, search, revision));
  const code = query.error instanceof ApiError ? query.error.problem.code : null;
  return (
    <section aria-live="polite" className="plan">
      {code === "nothing_recorded" ? (
        <Blank>{words.nothingRecorded}</Blank>
      ) : code === "what_if_unavailable" ? (
        <Blank>{words.unavailable}</Blank>
      ) : (
        <Loaded query={query}>{(found) => <OutcomeShown found={found} question={search} onUse={onUse} />}</Loaded>
      )}
    </section>
  );
}
