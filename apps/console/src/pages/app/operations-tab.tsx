import { useText } from "../../i18n/language.tsx";
import { PagedOperations } from "../../ui/paged-operations.tsx";
import { useAppName } from "./use-app-name.ts";

export function OperationsTab() {
  const text = useText();
  const app = useAppName();
  return (
    <>
      <title>{`${text.operations.of(app)} · Ebb`}</title>
      <section className="panel">
        <PagedOperations key={app} app={app} />
      </section>
    </>
  );
}
