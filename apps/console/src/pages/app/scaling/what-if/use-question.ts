import type { Place, ScalingStrategy } from "@ebb/api";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import type { Question, QuestionSearch } from "../../../../api/question.ts";
import { whatIfKey } from "../../../../api/what-if-query.ts";
import { searchOf, typedOf, type TypedQuestion } from "./question-typed.ts";

const route = getRouteApi("/apps/$app/$env/scaling-policy");

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** Of the question of a scaling policy. */
    strategies?: ScalingStrategy[] | undefined;
  }
}

/** A question, whatever the order that its parts were written in. */
const identity = (search: QuestionSearch) => JSON.stringify(Object.entries(search).sort(([a], [b]) => (a < b ? -1 : 1)));

export type QuestionEdit = ReturnType<typeof useQuestion>;

/** What is asked about another policy: in the address, but for its strategies; and what is typed and not asked yet. */
export function useQuestion(place: Place) {
  const queryClient = useQueryClient();
  const navigate = route.useNavigate();
  const address = route.useSearch();
  const strategies = useLocation({ select: ({ state }) => state.strategies });
  const search: QuestionSearch = strategies === undefined ? address : { ...address, strategies };
  const of = identity(search);
  const [edited, setEdited] = useState<{ of: readonly string[]; typed: TypedQuestion } | null>(null);
  // What stands in another address, as after going back, is what is asked there.
  const typed = edited?.of.includes(of) === true ? edited.typed : typedOf(search);

  const go = async (next: QuestionSearch, shown: TypedQuestion | null) => {
    // Until the address has changed, too.
    setEdited(shown && { of: [of, identity(next)], typed: shown });
    const { strategies: asked, ...rest } = next;
    await navigate({ search: rest, state: { strategies: asked }, replace: true, resetScroll: false });
    // Who asks again wants what came since; what is on its way already is that.
    await queryClient.invalidateQueries({ queryKey: whatIfKey(place) }, { cancelRefetch: false });
  };
  return {
    search,
    typed,
    isEdited: edited !== null,
    set: (part: Partial<TypedQuestion>) => setEdited({ of: [of], typed: { ...typed, ...part } }),
    ask: () => void go(searchOf(typed), typed),
    /** Of the time and the version that were chosen. */
    askAbout: (question: Question) => {
      const next = { over: typed.over, ...(typed.version === null ? {} : { version: typed.version }), ...question };
      void go(next, typedOf(next));
    },
    clear: () => void go({}, null),
  };
}
