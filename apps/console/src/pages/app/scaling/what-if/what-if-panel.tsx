import type { Place, Revised, ScalingPolicy } from "@ebb/api";
import { ApiError } from "@ebb/api/client";
import { useQuery } from "@tanstack/react-query";
import type { QuestionSearch } from "../../../../api/question.ts";
import { whatIfQuery } from "../../../../api/what-if-query.ts";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { Loaded } from "../../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../../ui/page.tsx";
import { OutcomeShown } from "./outcome-shown.tsx";
import { QuestionForm } from "./question-form.tsx";
import type { QuestionEdit } from "./use-question.ts";

interface WhatIfPanelProps {
  id: string;
  place: Place;
  /** In force: under another there is another answer. */
  policy: Revised<ScalingPolicy>;
  edit: QuestionEdit;
  /** Takes settings over into the form; absent for who may not change them. */
  onUse: ((settings: Partial<ScalingPolicy>) => void) | undefined;
}

/** What another policy would have done with the requests that were recorded. */
export function WhatIfPanel({ id, place, policy, edit, onUse }: WhatIfPanelProps) {
  const { whatIf: words } = usePolicyWords();
  return (
    <div id={id}>
      <Panel title={words.title}>
        <p className="faint">{words.intro}</p>
        <QuestionForm place={place} edit={edit} byStrategies={policy.strategies !== null} />
        {edit.search.over !== undefined && <Answer place={place} search={edit.search} policy={policy} onUse={onUse} />}
      </Panel>
    </div>
  );
}

type AnswerProps = Pick<WhatIfPanelProps, "place" | "policy" | "onUse"> & { search: QuestionSearch };

/** That there is none is an answer, too, and no failure. */
function Answer({ place, search, policy, onUse }: AnswerProps) {
  const { whatIf: words } = usePolicyWords();
  const query = useQuery(whatIfQuery(place, search, policy.revision));
  const code = query.error instanceof ApiError ? query.error.problem.code : null;
  return (
    <section aria-live="polite" className="plan">
      {code === "nothing_recorded" ? (
        <Blank>{words.nothingRecorded}</Blank>
      ) : code === "what_if_unavailable" ? (
        <Blank>{words.unavailable}</Blank>
      ) : (
        <Loaded query={query}>
          {(found) => <OutcomeShown found={found} question={search} strategies={policy.strategies} onUse={onUse} />}
        </Loaded>
      )}
    </section>
  );
}
