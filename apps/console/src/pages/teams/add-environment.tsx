import type { EnvironmentTemplate } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useState } from "react";
import { client } from "../../api/connection.ts";
import { keys } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { Select } from "../../ui/select.tsx";

const TEMPLATES: readonly EnvironmentTemplate[] = ["test", "stable", "staging", "prod"];
/** As `EnvironmentName` in the API's schemas. */
const NAME = /^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$/;

/** One more stage for a team, as its template has it. */
export function AddEnvironment({ team }: { team: string }) {
  const text = useText();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [template, setTemplate] = useState<EnvironmentTemplate>("test");
  const create = useMutation({
    mutationFn: () => client.createEnvironment(team, { name, template }),
    onSuccess: () => {
      setName("");
      return queryClient.invalidateQueries({ queryKey: keys.teams });
    },
  });
  return (
    <form
      className="form-actions"
      onSubmit={(event) => {
        event.preventDefault();
        if (NAME.test(name)) create.mutate();
      }}
    >
      <Input
        className="short-field"
        value={name}
        status={name === "" || NAME.test(name) ? "" : "error"}
        placeholder={text.teams.environmentName}
        aria-label={text.teams.environmentName}
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
      />
      <Select
        className="short-field"
        value={template}
        aria-label={text.environments.template}
        options={TEMPLATES.map((value) => ({ value, label: text.teams.asTemplate(value) }))}
        onChange={setTemplate}
      />
      <Button htmlType="submit" disabled={!NAME.test(name)} loading={create.isPending}>
        {text.teams.addEnvironment}
      </Button>
      <Refused of={create} />
    </form>
  );
}
