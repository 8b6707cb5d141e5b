import type { Operation } from "@ebb/api";
import Alert from "antd/es/alert";
import { useText } from "../i18n/language.tsx";
import { Address } from "./copy.tsx";
import { OperationFailureNote } from "./operation-failure.tsx";

/** How an operation ended; nothing while it runs. */
export function OperationResult({ operation }: { operation: Operation }) {
  const text = useText();
  if (operation.failure !== null) return <OperationFailureNote operation={operation} failure={operation.failure} />;
  if (operation.state === "cancelled")
    return <Alert type="info" showIcon title={text.operationState.cancelled} description={text.operation.oldServes} />;
  if (operation.state !== "succeeded") return null;
  if (operation.kind === "delete")
    return <Alert type="success" showIcon title={text.operation.gone(operation.app || operation.environment || operation.team)} />;
  return (
    <Alert
      type="success"
      showIcon
      title={
        operation.kind === "traffic" ? text.traffic.applied : `${operation.version ?? operation.app}: ${text.operationState.succeeded}`
      }
      description={
        <dl className="pairs">
          {operation.url !== null && (
            <>
              <dt>{text.operation.answersAt}</dt>
              <dd>
                <Address url={operation.url} />
              </dd>
            </>
          )}
          {operation.previewUrl !== null && operation.previewUrl !== operation.url && (
            <>
              <dt>{text.operation.preview}</dt>
              <dd>
                <Address url={operation.previewUrl} />
              </dd>
            </>
          )}
        </dl>
      }
    />
  );
}
