import { useText } from "../../i18n/language.tsx";
import { Page } from "../../ui/page.tsx";
import { PagedOperations } from "../../ui/paged-operations.tsx";

export function OperationsPage() {
  const text = useText();
  return (
    <Page title={text.operations.title}>
      <section className="panel">
        <PagedOperations />
      </section>
    </Page>
  );
}
