import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import { useState } from "react";
import { meQuery } from "../../api/people-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Command } from "../../ui/copy.tsx";
import { Page } from "../../ui/page.tsx";
import { ArchiveForm } from "./archive-form.tsx";
import { GitForm } from "./git-form.tsx";
import { ImageForm } from "./image-form.tsx";
import type { Target } from "./use-target.ts";

const route = getRouteApi("/deploy");

/** One form: where the source is from is chosen first, and the rest is the same for all. */
export function DeployPage() {
  const text = useText();
  const me = useQuery(meQuery).data;
  const navigate = route.useNavigate();
  const { from = "source", app, env, team } = route.useSearch();
  const [target, setTarget] = useState<Target>({
    name: app ?? null,
    where: { ...(team === undefined ? {} : { team }), ...(env === undefined ? {} : { environment: env }) },
  });
  // Where a viewer may deploy, an environment says so: this is what most do.
  const nowhere = me !== undefined && !(me.platformAdmin && me.scope === "admin") && me.teams.every(({ role }) => role === "viewer");
  const Form = { source: ArchiveForm, git: GitForm, image: ImageForm }[from];
  return (
    <Page title={app === undefined ? text.deploy.title : text.operation.title(text.deploy.title, app)}>
      {nowhere && <Alert type="warning" showIcon className="notice" title={text.deploy.nowhere} description={text.problem.forbiddenHint} />}
      <section className="panel deploy" aria-label={text.deploy.title}>
        <Choice
          label={text.deploy.from}
          value={from}
          options={[
            ["source", text.deploy.source],
            ["git", text.git.fromGit],
            ["image", text.deploy.image],
          ]}
          onChange={(next) => void navigate({ search: (before) => ({ ...before, from: next }), replace: true })}
        />
        <Form target={target} onTarget={setTarget} />
      </section>
      <aside className="faint deploy-cli">
        <p>{text.deploy.sourceText}</p>
        <Command>ebb deploy</Command>
      </aside>
    </Page>
  );
}
