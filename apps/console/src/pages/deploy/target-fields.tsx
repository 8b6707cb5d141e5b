import type { AppEnvironment, Place } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import { operationsQuery, placeQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Ago } from "../../ui/time.tsx";
import { TrafficText } from "../../ui/traffic-bar.tsx";
import { AppNameField } from "./app-name-field.tsx";
import { WhereFields } from "./where-fields.tsx";
import type { Found, Target } from "./use-target.ts";

interface TargetFieldsProps {
  target: Target;
  onChange: (target: Target) => void;
  found: Found;
  help: string;
}

/** What it is called, where it goes, and what is there now. */
export function TargetFields({ target, onChange, found, help }: TargetFieldsProps) {
  return (
    <>
      <AppNameField value={found.name} onChange={(next) => onChange({ ...target, name: next })} help={help} />
      <WhereFields
        where={target.where}
        {...(found.app === undefined ? {} : { home: found.app.team })}
        onChange={(where) => onChange({ ...target, where })}
      />
      {found.place !== null && <Present place={found.place} found={found} />}
    </>
  );
}

/** Before anything is sent: whether this is a new app, or whose versions it comes after, and who else is at it right now. */
function Present({ place, found: { app, there } }: { place: Place; found: Found }) {
  const text = useText();
  const { data } = useQuery({ ...placeQuery(place), enabled: there });
  if (app === undefined) return <p role="status">{text.deploy.makesNew(place.app, place.env)}</p>;
  if (!there) return <p role="status">{text.deploy.newThere(place.app, place.env)}</p>;
  return (
    <>
      {data !== undefined && <Serving here={data} />}
      <UnderWay place={place} />
    </>
  );
}

function Serving({ here }: { here: AppEnvironment }) {
  const text = useText();
  return (
    <p role="status">
      {text.deploy.nextOf(here.app, here.environment)}{" "}
      {here.traffic.length > 0 && (
        <span className="faint">
          {text.apps.serving}: <TrafficText targets={here.traffic} />
        </span>
      )}
    </p>
  );
}

function UnderWay({ place }: { place: Place }) {
  const text = useText();
  const { data = [] } = useQuery(operationsQuery({ app: place.app, environment: place.env, limit: 5 }));
  return data
    .filter(({ finishedAt }) => finishedAt === null)
    .map(({ id, kind, createdAt, createdBy }) => (
      <Alert
        key={id}
        type="warning"
        showIcon
        title={
          <>
            {text.deploy.underWay(text.operationKind[kind], createdBy)} <Ago at={createdAt} />
          </>
        }
        action={
          <Link to="/operations/$id" params={{ id }}>
            {text.operation.seeDetails}
          </Link>
        }
      />
    ));
}
