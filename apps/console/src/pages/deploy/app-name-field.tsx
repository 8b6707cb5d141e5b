import { useQuery } from "@tanstack/react-query";
import Input from "antd/es/input";
import { useId } from "react";
import { appsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { APP_NAME } from "./app-name.ts";

interface AppNameFieldProps {
  value: string;
  onChange: (name: string) => void;
  /** What stands beneath while the name is a good one, or none. */
  help: string;
}

/** Whether something is typed that no app can be called. */
export function isBadName(name: string): boolean {
  return name !== "" && !APP_NAME.test(name);
}

/** What is deployed, by its name. */
export function AppNameField({ value, onChange, help }: AppNameFieldProps) {
  const text = useText();
  const id = useId();
  const bad = isBadName(value);
  const { data: apps = [] } = useQuery(appsQuery);
  return (
    <>
      <label htmlFor={id}>{text.deploy.appName}</label>
      <Input
        id={id}
        value={value}
        status={bad ? "error" : ""}
        spellCheck={false}
        autoComplete="off"
        list={`${id}-apps`}
        aria-invalid={bad}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.target.value.trim())}
      />
      <datalist id={`${id}-apps`}>
        {apps.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <p id={`${id}-help`} className={bad ? "bad-text" : "faint"}>
        {bad ? text.deploy.badName : help}
      </p>
    </>
  );
}
