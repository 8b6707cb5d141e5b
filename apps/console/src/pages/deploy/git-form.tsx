import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { AppNameField, isBadName } from "./app-name-field.tsx";
import { nameOfRepository } from "./repository-name.ts";
import { WhereFields, type Where } from "./where-fields.tsx";

interface FieldProps {
  label: string;
  value: string;
  set: (value: string) => void;
  help: string;
  placeholder?: string;
}

/** Deploys a revision of a repository and goes to the operation, with its log and its timeline. */
export function GitForm() {
  const text = useText();
  const navigate = useNavigate();
  const id = useId();
  const [url, setUrl] = useState("");
  const [ref, setRef] = useState("");
  const [folder, setFolder] = useState("");
  const [typed, setTyped] = useState<string | null>(null);
  const [where, setWhere] = useState<Where>({});
  const name = typed ?? nameOfRepository(url);
  const ready = url !== "" && name !== "" && !isBadName(name);
  const deploy = useMutation({
    mutationFn: () =>
      client.deployGit({
        name,
        url,
        ...(ref === "" ? {} : { ref }),
        ...(folder === "" ? {} : { folder }),
        ...where,
      }),
    onSuccess: (operation) => navigate({ to: "/operations/$id", params: { id: operation.id } }),
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
        if (ready) deploy.mutate();
      }}
    >
      {field("url", { label: text.git.url, value: url, set: setUrl, help: text.git.urlHelp, placeholder: "https://github.com/acme/shop" })}
      {field("ref", { label: text.git.ref, value: ref, set: setRef, help: text.git.refHelp, placeholder: "main" })}
      {field("folder", { label: text.git.folder, value: folder, set: setFolder, help: text.git.folderHelp })}
      <AppNameField value={name} onChange={setTyped} help={text.deploy.appNameHelp} />
      <WhereFields where={where} onChange={setWhere} />
      <Button type="primary" htmlType="submit" disabled={!ready} loading={deploy.isPending}>
        {text.deploy.button}
      </Button>
      <Refused of={deploy} />
    </form>
  );
}
