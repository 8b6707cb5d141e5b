import { useText } from "../../i18n/language.tsx";
import { PagedOperations } from "../../ui/paged-operations.tsx";
import { usePlace } from "./use-place.ts";

export function OperationsTab() {
  const text = useText();
  const place = usePlace();
  const { app } = place;
  return (
    <>
      <title>{`${text.operations.of(app)} · Ebb`}</title>
      <section className="panel">
        <PagedOperations filter={{ app, environment: place.env }} otherwise={text.operations.empty} />
      </section>
    </>
  );
}
