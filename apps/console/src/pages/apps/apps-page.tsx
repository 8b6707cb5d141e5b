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
import { useNarrow } from "../../ui/use-narrow.ts";
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
  const { q } = route.useSearch();
  const wanted = (q ?? "").trim().toLowerCase();
  const shown = apps.filter((app) => app.name.includes(wanted) || app.environments.some(({ url }) => url.includes(wanted)));
  const search = (value: string) => void navigate({ search: value === "" ? {} : { q: value }, replace: true });
  return (
    <>
      <div className="toolbar">
        <Input.Search
          value={q ?? ""}
          placeholder={text.apps.search}
          aria-label={text.apps.search}
          allowClear
          onChange={(event) => search(event.target.value)}
        />
        <span className="faint" role="status">
          {text.apps.count(shown.length, apps.length)}
        </span>
      </div>
      {shown.length === 0 ? (
        <div className="blank-small">
          <p>{text.apps.noMatch(q ?? "")}</p>
          <Button onClick={() => search("")}>{text.apps.clear}</Button>
        </div>
      ) : narrow ? (
        <AppCards apps={shown} />
      ) : (
        <AppTable apps={shown} />
      )}
    </>
  );
}
