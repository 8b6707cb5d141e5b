import type { Operation, Place, Version } from "@ebb/api";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import InputNumber from "antd/es/input-number";
import { useId, useState } from "react";
import type { client } from "../../../api/connection.ts";
import { useText } from "../../../i18n/language.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { Select } from "../../../ui/select.tsx";
import type { useChange } from "../use-change.ts";

/** What `ebb mirror` takes where nothing is said. */
const USUAL_PERCENT = 10;

export type SetMirror = Parameters<typeof client.setMirror>[1];

interface MirrorFormProps {
  place: Place;
  /** Those that can answer copies, newest first; not empty. */
  versions: readonly Version[];
  begin: ReturnType<typeof useChange<SetMirror, Operation>>;
}

/** Copies some of the requests to a version whose answers nobody gets. */
export function MirrorForm({ place, versions, begin }: MirrorFormProps) {
  const { mirror: text, common } = useText();
  const id = useId();
  const [version, setVersion] = useState<string | null>(null);
  const [percent, setPercent] = useState(USUAL_PERCENT);
  const [all, setAll] = useState(false);
  const chosen = versions.find(({ name }) => name === version)?.name ?? versions[0]?.name ?? "";
  return (
    <form
      className="fields"
      aria-label={text.begin(place.app)}
      onSubmit={(event) => {
        event.preventDefault();
        begin.submit({ version: chosen, percent, methods: all ? "all" : "safe" });
      }}
    >
      <p className="faint">{text.intro}</p>
      <label htmlFor={`${id}-version`}>{common.version}</label>
      <Select
        id={`${id}-version`}
        className="wide-select"
        value={chosen}
        options={versions.map(({ name }) => ({ value: name, label: name }))}
        onChange={setVersion}
      />
      <label htmlFor={`${id}-percent`}>{text.percent}</label>
      <InputNumber<number>
        id={`${id}-percent`}
        min={1}
        max={100}
        precision={0}
        suffix="%"
        value={percent}
        onChange={(value) => setPercent(value ?? USUAL_PERCENT)}
      />
      <Checkbox checked={all} onChange={(event) => setAll(event.target.checked)}>
        {text.all}
      </Checkbox>
      {all && <p className="warn">{text.allTwice}</p>}
      <Button htmlType="submit" loading={begin.change.isPending}>
        {text.copyTo(chosen)}
      </Button>
      <Refused of={begin.change} conflict={begin.conflict} />
    </form>
  );
}
