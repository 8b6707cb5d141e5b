import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { Command } from "../../ui/copy.tsx";
import { nameOfRepository } from "./repository-name.ts";
import { TargetFields } from "./target-fields.tsx";
import { useDeploy } from "./use-deploy.ts";
import { useTarget, type FormProps } from "./use-target.ts";

interface FieldProps {
  label: string;
  value: string;
  set: (value: string) => void;
  help: string;
  placeholder?: string;
}

/** Deploys a revision of a repository and goes to the operation, with its log and its timeline. */
export function GitForm({ target, onTarget }: FormProps) {
  const text = useText();
  const id = useId();
  const [url, setUrl] = useState("");
  const [ref, setRef] = useState("");
  const [folder, setFolder] = useState("");
  const suggested = nameOfRepository(url);
  const found = useTarget(target, suggested);
  const { name, badName } = found;
  const ready = url !== "" && name !== "" && !badName;
  const { change, conflict, submit } = useDeploy({
    found,
    editing: url !== "",
    onReload: () => setUrl(""),
    send: (_: null, on) =>
      client.deployGit(
        {
          name,
          url,
          ...(ref === "" ? {} : { ref }),
          ...(folder === "" ? {} : { folder }),
          ...found.where,
        },
        on,
      ),
  });
  const field = (key: string, { label, value, set, help, placeholder = "" }: FieldProps) => (
    <>
      <label htmlFor={`${id}-${key}`}>{label}</label>
      <Input
        id={`${id}-${key}`}
        value={value}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        aria-describedby={`${id}-${key}-help`}
        onChange={(event) => set(event.target.value.trim())}
      />
      <p id={`${id}-${key}-help`} className="faint">
        {help}
      </p>
    </>
  );
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) submit(null);
      }}
    >
      <p className="faint">{text.git.fromGitText}</p>
      <Command>ebb repo key github.com/acme</Command>
      {field("url", { label: text.git.url, value: url, set: setUrl, help: text.git.urlHelp, placeholder: "https://github.com/acme/shop" })}
      {field("ref", { label: text.git.ref, value: ref, set: setRef, help: text.git.refHelp, placeholder: "main" })}
      {field("folder", { label: text.git.folder, value: folder, set: setFolder, help: text.git.folderHelp })}
      <TargetFields target={target} onChange={onTarget} found={found} help={text.deploy.appNameHelp} />
      <Button type="primary" htmlType="submit" disabled={!ready} loading={change.isPending}>
        {text.deploy.button}
      </Button>
      <Refused of={change} conflict={conflict} />
    </form>
  );
}
