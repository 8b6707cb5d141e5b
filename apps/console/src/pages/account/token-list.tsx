import type { Token } from "@ebb/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import { client } from "../../api/connection.ts";
import { tokensQuery } from "../../api/people-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Ago } from "../../ui/time.tsx";

export function TokenList() {
  const text = useText();
  const queryClient = useQueryClient();
  const query = useQuery(tokensQuery);
  const revoke = useMutation({
    mutationFn: ({ id }: Token) => client.revokeToken(id),
    onSettled: () => queryClient.invalidateQueries(tokensQuery),
  });
  return (
    <>
      {revoke.isError && <ProblemNote error={revoke.error} title={text.problem.refused} />}
      <Loaded query={query} rows={2}>
        {(tokens) =>
          tokens.length === 0 ? (
            <Blank>{text.account.noTokens}</Blank>
          ) : (
            <ul className="rows">
              {tokens.map((token) => (
                <li key={token.id}>
                  <b>{token.name}</b>
                  <code>{token.scope}</code>
                  {token.team !== null && <span>{token.team}</span>}
                  <span className="faint">
                    {text.account.expires}: {token.expiresAt === null ? text.account.never : <Ago at={token.expiresAt} />}
                  </span>
                  <span className="faint">
                    {text.account.used}: {token.lastUsedAt === null ? text.account.unused : <Ago at={token.lastUsedAt} />}
                  </span>
                  <Confirm
                    title={text.account.revoke(token.name)}
                    description={text.account.revokeText}
                    okText={text.account.revokeButton}
                    onConfirm={() => revoke.mutate(token)}
                  >
                    <Button size="small" danger className="row-action" aria-label={`${text.account.revokeButton}: ${token.name}`}>
                      {text.account.revokeButton}
                    </Button>
                  </Confirm>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}
