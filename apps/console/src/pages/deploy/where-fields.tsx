import { useQuery } from "@tanstack/react-query";
import Checkbox from "antd/es/checkbox";
import { useId } from "react";
import { teamsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Select } from "../../ui/select.tsx";

/** What is left out is for the platform to say: the app's own team, and that team's first environment. */
export interface Where {
  team?: string;
  environment?: string;
  noTraffic?: true;
}

interface WhereFieldsProps {
  where: Where;
  onChange: (where: Where) => void;
  /** The team of an app that is there already: it goes nowhere else. */
  home?: string;
}

/** To which team and environment a deployment goes, and whether visitors are sent to it. */
export function WhereFields({ where, onChange, home }: WhereFieldsProps) {
  const text = useText();
  const id = useId();
  const query = useQuery(teamsQuery);
  const { data: teams = [] } = query;
  const team = teams.find(({ name }) => name === (home ?? where.team)) ?? teams[0];
  const several = teams.length > 1;
  const { environment = team?.environments[0] ?? "", ...elsewhere } = where;
  return (
    <>
      {query.isError && <ProblemNote error={query.error} retry={() => void query.refetch()} />}
      {several && (
        <>
          <label htmlFor={`${id}-team`}>{text.place.team}</label>
          <Select
            id={`${id}-team`}
            className="wide-select"
            value={team?.name ?? ""}
            disabled={home !== undefined}
            options={teams.map(({ name }) => ({ value: name, label: name }))}
            onChange={(name) => onChange({ ...elsewhere, team: name })}
          />
        </>
      )}
      <label htmlFor={`${id}-env`}>{text.place.environment}</label>
      <Select
        id={`${id}-env`}
        className="wide-select"
        value={environment}
        options={(team?.environments ?? []).map((name) => ({ value: name, label: name }))}
        onChange={(name) => onChange({ ...elsewhere, environment: name })}
      />
      <Checkbox
        checked={where.noTraffic === true}
        onChange={(event) => {
          const { noTraffic: _, ...rest } = where;
          onChange(event.target.checked ? { ...rest, noTraffic: true } : rest);
        }}
      >
        {text.deploy.noTraffic}
      </Checkbox>
    </>
  );
}
