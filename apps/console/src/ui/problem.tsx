import { ApiError } from "@ebb/api/client";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import { Link } from "@tanstack/react-router";
import { useText } from "../i18n/language.tsx";

/** A failure in words: what happened and what to do. `retry` is offered where trying again can help. */
export function ProblemNote({ error, retry, title }: { error: unknown; retry?: (() => void) | undefined; title?: string }) {
  const text = useText();
  const problem = error instanceof ApiError ? error.problem : null;
  if (problem?.status === 403)
    return (
      <Alert
        type="warning"
        showIcon
        title={title === undefined ? text.problem.forbidden : text.problem.forbiddenToDo}
        description={
          <>
            <div>{problem.detail}</div>
            <div>{problem.hint ?? text.problem.forbiddenHint}</div>
          </>
        }
      />
    );
  if (problem?.status === 404) return <NotFound detail={problem.detail} />;
  const detail = problem?.code === "unreachable" ? text.problem.unreachable : error instanceof Error ? error.message : String(error);
  return (
    <Alert
      type="error"
      showIcon
      title={title ?? text.problem.title}
      description={
        <>
          <div>{detail}</div>
          {problem?.hint !== undefined && problem.code !== "unreachable" && (
            <div className="hint">
              {text.problem.hint}: {problem.hint}
            </div>
          )}
          {problem !== null && problem.status !== 0 && <code className="faint">{problem.code}</code>}
        </>
      }
      action={
        retry && (
          <Button size="small" onClick={retry}>
            {text.common.retry}
          </Button>
        )
      }
    />
  );
}

/** `level` 2 within a page that has a heading already. */
export function NotFound({ detail, level = 1 }: { detail?: string; level?: 1 | 2 }) {
  const Heading = level === 1 ? "h1" : "h2";
  const text = useText();
  return (
    <div className="blank">
      <Heading>{text.problem.notFound}</Heading>
      <p>{detail ?? text.problem.notFoundHint}</p>
      <Link to="/">{text.common.backToApps}</Link>
    </div>
  );
}
