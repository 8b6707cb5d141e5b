import { useQuery } from "@tanstack/react-query";
import Select from "antd/es/select";
import { useId } from "react";
import { teamsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";

/** What is left out is for the platform to say: the app's own team, and that team's first environment. */
export interface Where {
  team?: string;
  environment?: string;
}

/** To which team and environment a deployment goes. */
export function WhereFields({ where, onChange }: { where: Where; onChange: (where: Where) => void }) {
  const text = useText();
  const id = useId();
  const { data: teams = [] } = useQuery(teamsQuery);
  const team = teams.find(({ name }) => name === where.team) ?? teams[0];
  const several = teams.length > 1;
  return (
    <>
      {several && (
        <>
          <label htmlFor={`${id}-team`}>{text.place.team}</label>
          <Select
            id={`${id}-team`}
            className="wide-select"
            value={team?.name ?? ""}
            options={teams.map(({ name }) => ({ value: name, label: name }))}
            onChange={(name) => onChange({ team: name })}
          />
        </>
      )}
      <label htmlFor={`${id}-env`}>{text.place.environment}</label>
      <Select
        id={`${id}-env`}
        className="wide-select"
        value={where.environment ?? ""}
        options={[{ value: "", label: text.place.first }, ...(team?.environments ?? []).map((name) => ({ value: name, label: name }))]}
        onChange={(name) => {
          const { environment: _, ...rest } = where;
          onChange(name === "" ? rest : { ...rest, environment: name });
        }}
      />
    </>
  );
}
