import Button from "antd/es/button";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { TargetFields } from "./target-fields.tsx";
import { useDeploy } from "./use-deploy.ts";
import { useTarget, type FormProps } from "./use-target.ts";

/** Deploys an image by reference and goes to the operation. */
export function ImageForm({ target, onTarget }: FormProps) {
  const text = useText();
  const id = useId();
  const [image, setImage] = useState("");
  const [port, setPort] = useState<number | null>(null);
  const found = useTarget(target, "");
  const { name, badName } = found;
  const ready = name !== "" && !badName && image !== "";
  const { change, conflict, submit } = useDeploy({
    found,
    editing: image !== "",
    onReload: () => setImage(""),
    send: (_: null, on) => client.deployImage({ name, image, ...found.where, ...(port === null ? {} : { port }) }, on),
  });
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) submit(null);
      }}
    >
      <p className="faint">{text.deploy.imageText}</p>
      <label htmlFor={`${id}-image`}>{text.deploy.imageRef}</label>
      <Input
        id={`${id}-image`}
        value={image}
        placeholder="ghcr.io/team/app:1.2"
        spellCheck={false}
        required
        onChange={(event) => setImage(event.target.value.trim())}
      />
      <label htmlFor={`${id}-port`}>{text.deploy.port}</label>
      <InputNumber<number> id={`${id}-port`} min={1} max={65535} precision={0} value={port} placeholder="8080" onChange={setPort} />
      <p className="faint">{text.deploy.portHelp}</p>
      <TargetFields target={target} onChange={onTarget} found={found} help={text.deploy.appNameHelp} />
      <Button type="primary" htmlType="submit" disabled={!ready} loading={change.isPending}>
        {text.deploy.button}
      </Button>
      <Refused of={change} conflict={conflict} />
    </form>
  );
}
