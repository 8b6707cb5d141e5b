import Alert from "antd/es/alert";
import Button from "antd/es/button";
import { useText } from "../i18n/language.tsx";

/** A page that threw. A part that cannot be loaded means that the platform was updated under an open page: reloading mends it. */
export function Crash({ error }: { error: unknown }) {
  const text = useText();
  const message = error instanceof Error ? error.message : String(error);
  const updated = /dynamically imported module|Importing a module script failed/i.test(message);
  return (
    <Alert
      type="error"
      showIcon
      title={updated ? text.problem.updated : text.problem.crashed}
      description={updated ? undefined : message}
      action={
        <Button size="small" onClick={() => location.reload()}>
          {text.common.reload}
        </Button>
      }
    />
  );
}
