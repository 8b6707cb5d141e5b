import type { GitSettings, PatchGitSettings, Revised } from "@ebb/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import Checkbox from "antd/es/checkbox";
import Input from "antd/es/input";
import { useId } from "react";
import { client } from "../../api/connection.ts";
import { gitSettingsQuery } from "../../api/git-queries.ts";
import { useText } from "../../i18n/language.tsx";
import type { Conflict } from "../../ui/changed-meanwhile.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { SaveRow } from "../../ui/save-row.tsx";
import { useEdit } from "../../ui/use-edit.ts";

/** Which Git servers the platform speaks to; changed by its administrators alone. */
export function GitServers() {
  const { gitAccess: text } = useText();
  const query = useQuery(gitSettingsQuery);
  return (
    <Panel title={text.servers} className="after-list">
      <Loaded query={query} rows={3}>
        {(settings) => <ServersForm settings={settings} />}
      </Loaded>
    </Panel>
  );
}

interface Draft {
  publicServers: boolean;
  /** One a line. */
  allow: string;
}

function ServersForm({ settings }: { settings: Revised<GitSettings> }) {
  const { gitAccess: text, environments } = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const edit = useEdit<Draft, PatchGitSettings, Revised<GitSettings>>(settings, async (patch, on) => {
    const after = await client.patchGitSettings(patch, on);
    queryClient.setQueryData(gitSettingsQuery.queryKey, after);
    return after;
  });
  const { edited, setEdited, base, save, reload } = edit;
  const draft = edited ?? { publicServers: base.publicServers, allow: base.allow.join("\n") };
  const allow = draft.allow
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const patch: PatchGitSettings = {
    ...(draft.publicServers === base.publicServers ? {} : { publicServers: draft.publicServers }),
    ...(allow.join("\n") === base.allow.join("\n") ? {} : { allow }),
  };
  const same = Object.keys(patch).length === 0;
  const part = ({ publicServers, allow: names }: GitSettings) => ({ publicServers, allow: names });
  const conflict: Conflict = { base: part(base), now: part(settings), reload, overwrite: () => edit.overwrite(patch) };
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (!same) edit.submit(patch);
      }}
    >
      <Checkbox checked={draft.publicServers} onChange={({ target }) => setEdited({ ...draft, publicServers: target.checked })}>
        {text.publicServers}
      </Checkbox>
      <label htmlFor={id}>{text.allow}</label>
      <Input.TextArea
        id={id}
        value={draft.allow}
        autoSize={{ minRows: 2, maxRows: 12 }}
        spellCheck={false}
        onChange={({ target }) => setEdited({ ...draft, allow: target.value })}
      />
      <p className="faint">{text.allowHelp}</p>
      <SaveRow label={environments.save} ready={!same} busy={save.isPending} edited={edited !== null} onReset={reload} />
      <Refused of={save} conflict={conflict} />
    </form>
  );
}
