import Input from "antd/es/input";
import { useId } from "react";
import { useText } from "../../i18n/language.tsx";
import { APP_NAME } from "./app-name.ts";

interface AppNameFieldProps {
  value: string;
  onChange: (name: string) => void;
  /** What stands beneath while the name is a good one, or none. */
  help: string;
  /** What is taken where nothing is typed. */
  placeholder?: string;
}

/** Whether something is typed that no app can be called. */
export function isBadName(name: string): boolean {
  return name !== "" && !APP_NAME.test(name);
}

/** What is deployed, by its name. */
export function AppNameField({ value, onChange, help, placeholder = "" }: AppNameFieldProps) {
  const text = useText();
  const id = useId();
  const bad = isBadName(value);
  return (
    <>
      <label htmlFor={id}>{text.deploy.appName}</label>
      <Input
        id={id}
        value={value}
        status={bad ? "error" : ""}
        spellCheck={false}
        autoComplete="off"
        placeholder={placeholder}
        aria-invalid={bad}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.target.value.trim())}
      />
      <p id={`${id}-help`} className={bad ? "bad-text" : "faint"}>
        {bad ? text.deploy.badName : help}
      </p>
    </>
  );
}
