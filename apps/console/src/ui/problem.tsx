import { ApiError } from "@ebb/api/client";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import { Link } from "@tanstack/react-router";
import { useSpeech, useText } from "../i18n/language.tsx";
import { problemWords, stepWords } from "../i18n/problem-words.ts";
import { WhatToDo } from "./what-to-do.tsx";

/** A failure in words: what happened and what to do. `retry` is offered where trying again can help. */
export function ProblemNote({ error, retry, title }: { error: unknown; retry?: (() => void) | undefined; title?: string }) {
  const text = useText();
  const problem = error instanceof ApiError ? error.problem : null;
  const words = problem === null ? undefined : problemWords(text, problem.code);
  const forbidden = title === undefined ? text.problem.forbidden : text.problem.forbiddenToDo;
  if (problem?.status === 403)
    return (
      <Alert
        type="warning"
        showIcon
        title={problem.code === "forbidden" || words === undefined ? forbidden : words}
        description={
          <>
            <div lang="en">{problem.detail}</div>
            <div>{problem.hint === undefined ? text.problem.forbiddenHint : <WhatToDo code={problem.code} hint={problem.hint} />}</div>
          </>
        }
      />
    );
  if (problem?.status === 404) return <NotFound words={words} detail={problem.detail} />;
  const unreachable = problem?.code === "unreachable";
  const detail = unreachable ? text.problem.unreachable : error instanceof Error ? error.message : String(error);
  return (
    <Alert
      type="error"
      showIcon
      title={words ?? title ?? text.problem.title}
      description={
        <>
          <div lang={unreachable ? undefined : "en"}>{detail}</div>
          {problem !== null && !unreachable && (problem.hint !== undefined || stepWords(text, problem.code) !== undefined) && (
            <div className="hint">
              {text.problem.hint}: <WhatToDo code={problem.code} hint={problem.hint} />
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
export function NotFound({ words, detail, level = 1 }: { words?: string | undefined; detail?: string; level?: 1 | 2 }) {
  const Heading = level === 1 ? "h1" : "h2";
  const { text, language } = useSpeech();
  return (
    <div className="blank">
      <Heading>{text.problem.notFound}</Heading>
      {detail === undefined ? (
        <p>{words ?? text.problem.notFoundHint}</p>
      ) : (
        <>
          {language !== "en" && words !== undefined && <p>{words}</p>}
          <p lang="en">{detail}</p>
        </>
      )}
      <Link to="/">{text.common.backToApps}</Link>
    </div>
  );
}
