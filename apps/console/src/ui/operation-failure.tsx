import type { Operation, OperationFailure } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import { useSpeech } from "../i18n/language.tsx";
import { problemWords, stepWords } from "../i18n/problem-words.ts";
import { lastAttempt } from "./last-attempt.ts";
import { causesOf } from "./failure-causes.ts";
import { WhatToDo } from "./what-to-do.tsx";
import { Words } from "./words.tsx";

/** Why an operation failed: what was seen, down to the root cause, the log lines that matter, and the likely fix. */
export function OperationFailureNote({ operation, failure }: { operation: Operation; failure: OperationFailure }) {
  const { text, language } = useSpeech();
  // The message is more particular, and English: elsewhere the words of its code come first.
  const words = language === "en" ? undefined : problemWords(text, failure.code);
  const oldServes = ["deploy", "config", "restart"].includes(operation.kind) && operation.version !== "v1";
  const causes = causesOf(failure);
  const { lines, times } = lastAttempt(failure.log);
  return (
    <div className="failure">
      <Alert
        type="error"
        showIcon
        title={words ?? <span lang="en">{failure.message}</span>}
        description={
          <>
            {words !== undefined && (
              <p>
                <Words said={failure.said && [failure.said]} english={failure.message} />
              </p>
            )}
            {causes.length > 0 && (
              <ol className="causes" aria-label={text.operation.why}>
                {causes.map(({ words: english, said }, depth) => (
                  <li key={english} style={{ paddingLeft: depth * 16 }}>
                    <Words said={said && [said]} english={english} />
                  </li>
                ))}
              </ol>
            )}
            {(failure.hint !== null || stepWords(text, failure.code) !== undefined) && (
              <p className="hint">
                <b>{text.operation.fix}:</b> <WhatToDo code={failure.code} hint={failure.hint} />
              </p>
            )}
            {operation.kind === "deploy" && (
              <p className="next-steps">
                {operation.version !== null && (
                  <Link
                    to="/apps/$app/$env/logs"
                    params={{ app: operation.app, env: operation.environment }}
                    search={{ version: operation.version }}
                  >
                    {text.timeline.logsOf(operation.version)}
                  </Link>
                )}
                <Link to="/deploy" search={{ app: operation.app, env: operation.environment }}>
                  {text.timeline.again}
                </Link>
              </p>
            )}
            <p className="faint">
              {oldServes && text.operation.oldServes} <code>{failure.code}</code>
            </p>
          </>
        }
      />
      {failure.log.length > 0 && (
        <figure>
          <figcaption>
            {text.operation.lastLines}
            {times > 1 && ` · ${text.timeline.times(times)}`}
          </figcaption>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable with the keyboard */}
          <pre tabIndex={0}>{lines.join("\n")}</pre>
        </figure>
      )}
    </div>
  );
}
