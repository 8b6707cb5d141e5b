import type { MirrorComparison, Place, Version } from "@ebb/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import { client } from "../../../api/connection.ts";
import { mirrorQuery } from "../../../api/queries.ts";
import { usePlaceRights } from "../../../api/team-queries.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { DataTable, type Column } from "../../../ui/data-table.tsx";
import { Facts } from "../../../ui/facts.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { OperationProgress } from "../../../ui/operation-progress.tsx";
import { Blank, Panel } from "../../../ui/page.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { useChange } from "../use-change.ts";
import { MirrorForm, type SetMirror } from "./mirror-form.tsx";

type Sample = MirrorComparison["samples"][number];

/** How a version answered copies of requests, against what the clients got. */
export function MirrorReport({ place, versions }: { place: Place; versions: readonly Version[] }) {
  const text = useText();
  const queryClient = useQueryClient();
  const query = useQuery(mirrorQuery(place));
  const { mayRelease } = usePlaceRights(place);
  const stop = useChange({ place, send: (_, on) => client.stopMirror(place, on) });
  const begin = useChange({
    place,
    send: (body: SetMirror, on) => client.setMirror(place, body, on),
    // What was ended before has been told.
    onSuccess: () => stop.change.reset(),
  });
  const operation = stop.change.data ?? begin.change.data;
  const able = versions.filter(({ state, percent }) => percent < 100 && (state === "ready" || state === "asleep"));
  return (
    <Panel
      title={text.mirror.title}
      actions={
        query.data?.mirror && mayRelease ? (
          <Button size="small" loading={stop.change.isPending} onClick={() => stop.submit(null)}>
            {text.mirror.stop}
          </Button>
        ) : undefined
      }
    >
      <Refused of={stop.change} conflict={stop.conflict} />
      {operation && <OperationProgress id={operation.id} onSucceeded={() => void queryClient.invalidateQueries(mirrorQuery(place))} />}
      <Loaded query={query} rows={2}>
        {({ mirror, comparisons, recorded, message }) => (
          <>
            {mirror && (
              <p>
                {text.mirror.running(mirror.percent, text.mirror.methods[mirror.methods])} <VersionMark version={mirror.version} />
              </p>
            )}
            {!mirror && comparisons.length === 0 && <Blank>{text.mirror.none}</Blank>}
            {!mirror && mayRelease && able.length > 0 && <MirrorForm place={place} versions={able} begin={begin} />}
            {mirror && !recorded && <p lang="en">{message}</p>}
            {comparisons.map((comparison) => (
              <Comparison key={`${comparison.from} ${comparison.to}`} comparison={comparison} />
            ))}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Comparison({ comparison }: { comparison: MirrorComparison }) {
  const text = useText();
  const format = useFormat();
  const { compared, statusDiffers, sizeDiffers, leftOut, fromMs, toMs, samples } = comparison;
  const [from, to] = [comparison.from ?? "?", comparison.to ?? "?"];
  const ms = ({ p50, p95 }: { p50: number; p95: number }) => `${format.duration(p50)} / ${format.duration(p95)}`;
  const answer = ({ status, bytes, ms: took, whole }: Sample["from"]) => (
    <span className="number">
      {status} · {format.bytes(bytes)} · {format.duration(took)} {!whole && text.mirror.broken}
    </span>
  );
  const columns: Column<Sample>[] = [
    {
      key: "request",
      title: text.mirror.request,
      render: ({ method, path }) => (
        <code>
          {method} {path}
        </code>
      ),
    },
    { key: "from", title: from, render: (sample) => answer(sample.from) },
    { key: "to", title: to, render: (sample) => answer(sample.to) },
  ];
  return (
    <section aria-label={text.mirror.against(to, from)}>
      <h3>{text.mirror.against(to, from)}</h3>
      <Facts
        facts={[
          [text.mirror.compared, String(compared)],
          [text.mirror.status, String(statusDiffers)],
          [text.mirror.size, String(sizeDiffers)],
          [text.mirror.leftOut, String(leftOut)],
          [text.mirror.firstByte(from), ms(fromMs)],
          [text.mirror.firstByte(to), ms(toMs)],
        ]}
      />
      {samples.length > 0 && <DataTable label={`${text.mirror.differ}: ${to}`} rows={samples} columns={columns} keyOf={({ id }) => id} />}
    </section>
  );
}
