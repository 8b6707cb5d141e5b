import CloudUploadOutlined from "@ant-design/icons/CloudUploadOutlined";
import type { App } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { appsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ButtonLink } from "../../ui/button-link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { Select } from "../../ui/select.tsx";
import { useNarrow } from "../../ui/use-narrow.ts";
import { useTyped } from "../../ui/use-typed.ts";
import { Now } from "../home/now.tsx";
import { AppCards } from "./app-cards.tsx";
import { AppTable } from "./app-table.tsx";
import { NoApps } from "./no-apps.tsx";

const route = getRouteApi("/");

export function AppsPage() {
  const text = useText();
  const query = useQuery(appsQuery);
  const empty = query.data?.length === 0;
  return (
    <Page
      title={text.apps.title}
      actions={
        !empty && (
          <ButtonLink look="primary" icon={<CloudUploadOutlined />} to="/deploy">
            {text.apps.deploy}
          </ButtonLink>
        )
      }
    >
      <Loaded query={query} rows={6}>
        {(apps) =>
          apps.length === 0 ? (
            <NoApps />
          ) : (
            <>
              <Now />
              <AppList apps={apps} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function AppList({ apps }: { apps: readonly App[] }) {
  const text = useText();
  const narrow = useNarrow();
  const navigate = route.useNavigate();
  const { q = "", team } = route.useSearch();
  const { words, setTyped, onBlur } = useTyped(q);
  const teams = [...new Set(apps.map((app) => app.team))].toSorted();
  const wanted = words.trim().toLowerCase();
  const fits = (app: App) => app.name.includes(wanted) || app.environments.some(({ url }) => url.includes(wanted));
  const shown = apps.filter((app) => (team === undefined || app.team === team) && fits(app));
  const narrowTo = (value: string, of: string | undefined) => {
    setTyped(value);
    void navigate({ search: { ...(value === "" ? {} : { q: value }), ...(of === undefined ? {} : { team: of }) }, replace: true });
  };
  return (
    <>
      <div className="toolbar">
        <Input.Search
          value={words}
          onBlur={onBlur}
          placeholder={text.apps.search}
          aria-label={text.apps.search}
          allowClear
          onChange={(event) => narrowTo(event.target.value, team)}
        />
        {(teams.length > 1 || team !== undefined) && (
          <Select
            className="filter"
            aria-label={text.place.team}
            value={team ?? ""}
            options={[{ value: "", label: text.apps.allTeams }, ...teams.map((name) => ({ value: name, label: name }))]}
            onChange={(name) => narrowTo(words, name === "" ? undefined : name)}
          />
        )}
        <span className="faint" role="status">
          {text.apps.count(shown.length, apps.length)}
        </span>
      </div>
      {shown.length === 0 ? (
        <div className="blank-small">
          <p>{wanted === "" ? text.apps.noneOfTeam(team ?? "") : text.apps.noMatch(words)}</p>
          <Button onClick={() => narrowTo("", undefined)}>{text.apps.clear}</Button>
        </div>
      ) : narrow ? (
        <AppCards apps={shown} />
      ) : (
        <AppTable apps={shown} />
      )}
    </>
  );
}
