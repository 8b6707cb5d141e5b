import { useQuery } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import { meQuery } from "../../api/people-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Command } from "../../ui/copy.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { ArchiveForm } from "./archive-form.tsx";
import { GitForm } from "./git-form.tsx";
import { ImageForm } from "./image-form.tsx";

export function DeployPage() {
  const text = useText();
  const me = useQuery(meQuery).data;
  // Where a viewer may deploy, an environment says so: this is what most do.
  const nowhere = me !== undefined && !(me.platformAdmin && me.scope === "admin") && me.teams.every(({ role }) => role === "viewer");
  return (
    <Page title={text.deploy.title}>
      {nowhere && <Alert type="warning" showIcon className="notice" title={text.deploy.nowhere} description={text.problem.forbiddenHint} />}
      <div className="panels">
        <Panel title={text.deploy.source}>
          <p>{text.deploy.sourceText}</p>
          <Command>ebb deploy</Command>
          <h3>{text.deploy.archive}</h3>
          <p>{text.deploy.archiveText}</p>
          <ArchiveForm />
        </Panel>
        <Panel title={text.git.fromGit}>
          <p>{text.git.fromGitText}</p>
          <Command>ebb repo key github.com/acme</Command>
          <GitForm />
        </Panel>
        <Panel title={text.deploy.image}>
          <p>{text.deploy.imageText}</p>
          <ImageForm />
        </Panel>
      </div>
    </Page>
  );
}
