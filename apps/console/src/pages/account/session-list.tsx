import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import { client } from "../../api/connection.ts";
import { sessionsQuery } from "../../api/people-queries.ts";
import { clientWords } from "./client-words.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Ago } from "../../ui/time.tsx";

export function SessionList() {
  const text = useText();
  const queryClient = useQueryClient();
  const query = useQuery(sessionsQuery);
  const end = useMutation({
    mutationFn: (id: string) => client.revokeSession(id),
    onSettled: () => queryClient.invalidateQueries(sessionsQuery),
  });
  return (
    <>
      {end.isError && <ProblemNote error={end.error} title={text.problem.refused} />}
      <Loaded query={query} rows={2}>
        {(sessions) => (
          <ul className="rows">
            {sessions.map((session) => (
              <li key={session.id}>
                <b>{session.address}</b>
                <span className="clipped session-client" title={session.client}>
                  {clientWords(session.client)}
                </span>
                <span className="faint">
                  {text.account.since} <Ago at={session.createdAt} />
                </span>
                {session.current ? (
                  <span className="row-action good">{text.account.current}</span>
                ) : (
                  <Button
                    size="small"
                    className="row-action"
                    aria-label={`${text.account.end}: ${session.address} ${session.client}`}
                    onClick={() => end.mutate(session.id)}
                  >
                    {text.account.end}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </>
  );
}
