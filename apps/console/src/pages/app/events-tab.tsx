import type { Happening } from "@ebb/api";
import { HAPPENING_KINDS, type HappeningKind } from "@ebb/api/client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import Button from "antd/es/button";
import { useState } from "react";
import { happeningsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { actionWords } from "../../i18n/said.ts";
import { Choice } from "../../ui/choice.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank } from "../../ui/page.tsx";
import { ToneDot, type Tone } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { VersionMark } from "../../ui/version-mark.tsx";
import { Words } from "../../ui/words.tsx";

const route = getRouteApi("/apps/$app/$env/events");
const STEP = 100;
/** The most that the API gives at once. */
const MOST = 500;
const TONES: Record<Happening["level"], Tone> = { info: "calm", warning: "bad", error: "bad" };

/** What happened to the app here, from all that knows of something, in one list that grows as things happen. */
export function EventsTab() {
  const text = useText();
  const place = route.useParams();
  const { kind } = route.useSearch();
  const navigate = route.useNavigate();
  const [limit, setLimit] = useState(STEP);
  const query = useQuery({ ...happeningsQuery(place, kind, limit), placeholderData: keepPreviousData });
  const options = (["all", ...HAPPENING_KINDS] as const).map((one) => [one, text.events.kinds[one]] as const);
  return (
    <>
      <title>{`${text.events.title} · ${place.app} · Ebb`}</title>
      <section className="panel" aria-label={text.events.title}>
        <Choice<HappeningKind | "all">
          label={text.events.filter}
          value={kind ?? "all"}
          options={options}
          onChange={(next) => void navigate({ search: next === "all" ? {} : { kind: next }, replace: true })}
        />
        <Loaded query={query} rows={8}>
          {(items) =>
            items.length === 0 ? (
              <Blank>{kind === undefined ? text.events.none : text.events.noneOf}</Blank>
            ) : (
              <>
                <ol className="operations happenings">
                  {items.map((happening) => (
                    <HappeningRow key={happening.id} happening={happening} />
                  ))}
                </ol>
                {items.length >= limit && limit < MOST && (
                  <Button loading={query.isPlaceholderData} onClick={() => setLimit(Math.min(MOST, limit + STEP))}>
                    {text.operations.more}
                  </Button>
                )}
              </>
            )
          }
        </Loaded>
      </section>
    </>
  );
}

function HappeningRow({ happening }: { happening: Happening }) {
  const text = useText();
  const { kind, level, version, message, by, count, time } = happening;
  return (
    <li>
      <div className="happening">
        <span className="state">
          <ToneDot tone={level === "info" && happening.state === "succeeded" ? "good" : TONES[level]} />
          <span className="faint">{text.events.kinds[kind]}</span>
        </span>
        <div>
          <div className="happening-title">
            <Title happening={happening} />
            {version !== null && <VersionMark version={version} />}
            {count > 1 && <span className="faint">{text.events.times(count)}</span>}
          </div>
          {message !== "" && (
            <div className="happening-message">
              <Words said={happening.said} english={message} />
            </div>
          )}
        </div>
        <span className="faint happening-when">
          <Ago at={time} /> {by !== null && text.common.by(by)}
        </span>
      </div>
    </li>
  );
}

function Title({ happening: { kind, what, state, operation } }: { happening: Happening }) {
  const text = useText();
  if (operation !== null) {
    const kinds: Readonly<Record<string, string>> = text.operationKind;
    const states: Readonly<Record<string, string>> = text.operationState;
    return (
      <>
        <Link to="/operations/$id" params={{ id: operation }}>
          {kinds[what] ?? what}
        </Link>
        {state !== null && <span>{states[state] ?? state}</span>}
      </>
    );
  }
  if (kind === "scaling") return <strong>{text.scaling.causes[what] ?? what}</strong>;
  const action = actionWords(text, what);
  return action === undefined ? <code className="strong">{what}</code> : <strong>{action}</strong>;
}
