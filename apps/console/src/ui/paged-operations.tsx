import type { Place } from "@ebb/api";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Button from "antd/es/button";
import { useState } from "react";
import { operationsQuery } from "../api/queries.ts";
import { useText } from "../i18n/language.tsx";
import { Loaded } from "./loaded.tsx";
import { OperationList } from "./operation-list.tsx";
import { Blank } from "./page.tsx";

const STEP = 50;
/** The most that the API gives at once. */
const MOST = 200;

/** Operations, newest first, of one app in an environment or of all; older ones on demand. */
export function PagedOperations({ place }: { place?: Place }) {
  const text = useText();
  const [limit, setLimit] = useState(STEP);
  const query = useQuery({
    ...operationsQuery(place === undefined ? { limit } : { app: place.app, environment: place.env, limit }),
    placeholderData: keepPreviousData,
  });
  return (
    <Loaded query={query} rows={8}>
      {(operations) =>
        operations.length === 0 ? (
          <Blank>{text.operations.empty}</Blank>
        ) : (
          <>
            <OperationList operations={operations} withApp={place === undefined} />
            {operations.length >= limit && limit < MOST && (
              <Button loading={query.isPlaceholderData} onClick={() => setLimit(Math.min(MOST, limit + 3 * STEP))}>
                {text.operations.more}
              </Button>
            )}
          </>
        )
      }
    </Loaded>
  );
}
