import type { Place, RecentRequest } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import Button from "antd/es/button";
import { explainedQuery } from "../../../api/queries.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { ButtonLink } from "../../../ui/button-link.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/page.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { ExplainedRoute } from "../traffic/explained-route.tsx";
import { AnswerMark } from "./answer-mark.tsx";

/** One remembered request: what is kept of it, and where rules and split would send it now. */
export function PickedRequest({ place, id, onClose }: { place: Place; id: string; onClose: () => void }) {
  const text = useText();
  const query = useQuery(explainedQuery(place, id));
  const request = query.data?.request;
  return (
    <Panel
      title={request ? `${request.method} ${request.path}` : text.requests.request}
      actions={
        <span className="rule-actions">
          {request && (
            <ButtonLink size="small" to="/apps/$app/$env/try" params={place} search={{ request: id }}>
              {text.requests.again}
            </ButtonLink>
          )}
          <ButtonLink size="small" to="/apps/$app/$env/logs" params={place} search={{ q: id }}>
            {text.requests.lines}
          </ButtonLink>
          <Button size="small" onClick={onClose}>
            {text.requests.close}
          </Button>
        </span>
      }
    >
      <Loaded query={query}>
        {(explanation) => (
          <div aria-live="polite">
            {explanation.request && <Kept request={explanation.request} />}
            <h3>{text.requests.now}</h3>
            <ExplainedRoute explanation={explanation} />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Kept({ request }: { request: RecentRequest }) {
  const text = useText();
  const format = useFormat();
  const { id, time, host, version, count, durationMs, responseBytes, reason } = request;
  const named = (["headers", "cookies", "query"] as const).filter((part) => Object.keys(request[part]).length > 0);
  return (
    <>
      <dl className="pairs">
        <dt>{text.requests.when}</dt>
        <dd>{format.dateTime(time)}</dd>
        <dt>{text.requests.status}</dt>
        <dd>
          <AnswerMark request={request} />
        </dd>
        {reason !== null && (
          <>
            <dt>{text.requests.reason}</dt>
            <dd lang="en">{reason}</dd>
          </>
        )}
        <dt>{text.requests.took}</dt>
        <dd className="number">{format.duration(durationMs)}</dd>
        <dt>{text.requests.size}</dt>
        <dd className="number">{format.bytes(responseBytes)}</dd>
        <dt>{text.requests.version}</dt>
        <dd>{version === null ? text.requests.nobody : <VersionMark version={version} />}</dd>
        <dt>{text.requests.host}</dt>
        <dd>{host}</dd>
        <dt>{text.requests.id}</dt>
        <dd>
          <code>{id}</code>
        </dd>
        {count > 1 && (
          <>
            <dt>{text.requests.standsFor}</dt>
            <dd className="number">{format.number(count)}</dd>
          </>
        )}
        {named.map((part) => (
          <Names key={part} title={text.requests[part]} names={request[part]} />
        ))}
      </dl>
      {named.length > 0 && <p className="faint">{text.requests.unkept}</p>}
    </>
  );
}

function Names({ title, names }: { title: string; names: Readonly<Record<string, string | null>> }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {Object.entries(names).map(([name, value]) => (
          <code key={name} className={value === null ? "faint" : ""}>{`${value === null ? name : `${name}: ${value}`} `}</code>
        ))}
      </dd>
    </>
  );
}
