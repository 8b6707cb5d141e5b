import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { keys } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Panel } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";

/** As `EnvironmentName` in the API's schemas. */
const NAME = /^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$/;

/** An environment for a while. */
export function MakePreview({ team }: { team: string }) {
  const { previews: text } = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [branch, setBranch] = useState("");
  const [ttlHours, setHours] = useState(72);
  const create = useMutation({
    mutationFn: () => client.createPreview(team, { name, ttlHours, ...(branch === "" ? {} : { branch }) }),
    onSuccess: () => {
      setName("");
      setBranch("");
      return queryClient.invalidateQueries({ queryKey: keys.teams });
    },
  });
  return (
    <Panel title={text.make} className="after-list">
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (NAME.test(name)) create.mutate();
        }}
      >
        <label htmlFor={`${id}-name`}>{text.name}</label>
        <Input
          id={`${id}-name`}
          value={name}
          status={name === "" || NAME.test(name) ? "" : "error"}
          spellCheck={false}
          onChange={({ target }) => setName(target.value.trim())}
        />
        <label htmlFor={`${id}-branch`}>{text.branch}</label>
        <Input
          id={`${id}-branch`}
          value={branch}
          maxLength={200}
          spellCheck={false}
          onChange={({ target }) => setBranch(target.value.trim())}
        />
        <label htmlFor={`${id}-hours`}>{text.hours}</label>
        <InputNumber<number> id={`${id}-hours`} min={0.1} max={720} value={ttlHours} onChange={(value) => setHours(value ?? 72)} />
        <p className="faint">{text.help}</p>
        <Button type="primary" htmlType="submit" disabled={!NAME.test(name)} loading={create.isPending}>
          {text.make}
        </Button>
        <Refused of={create} />
      </form>
    </Panel>
  );
}
