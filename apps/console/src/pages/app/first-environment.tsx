import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Navigate } from "@tanstack/react-router";
import { appQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Command } from "../../ui/copy.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Page } from "../../ui/page.tsx";

const route = getRouteApi("/apps/$app");

/** An app's address without an environment: that of its first one, or what to do when it is in none. */
export function FirstEnvironment() {
  const text = useText();
  const { app } = route.useParams();
  const query = useQuery(appQuery(app));
  return (
    <Loaded query={query} rows={6} title={app}>
      {({ environments: [first] }) =>
        first ? (
          <Navigate to="/apps/$app/$env" params={{ app, env: first.environment }} replace />
        ) : (
          <Page title={app}>
            <Blank>{text.app.inNone}</Blank>
            <Command>{`ebb deploy --name ${app}`}</Command>
          </Page>
        )
      }
    </Loaded>
  );
}
