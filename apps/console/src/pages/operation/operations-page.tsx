import { OPERATION_STATES } from "@ebb/api/client";
import { getRouteApi } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import type { OperationFilter } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Page } from "../../ui/page.tsx";
import { PagedOperations } from "../../ui/paged-operations.tsx";
import { Select } from "../../ui/select.tsx";
import { useFilter } from "../../ui/use-filter.ts";

const route = getRouteApi("/operations");
const TYPED = ["app", "by"] as const;

/** What has been done, to all apps; the filter is in the address. */
export function OperationsPage() {
  const text = useText();
  const filter = route.useSearch();
  const narrowed = Object.values(filter).some((value) => value !== undefined);
  return (
    <Page title={text.operations.title}>
      <Filter filter={filter} narrowed={narrowed} />
      <section className="panel">
        <PagedOperations filter={filter} otherwise={narrowed ? text.operations.noneFits : text.operations.empty} />
      </section>
    </Page>
  );
}

function Filter({ filter, narrowed }: { filter: OperationFilter; narrowed: boolean }) {
  const text = useText();
  const navigate = route.useNavigate();
  const { draft, type, show, settle } = useFilter(filter, (search) => navigate({ search, replace: true }));
  return (
    <form
      className="toolbar"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        settle(draft);
      }}
    >
      <Select
        className="filter"
        aria-label={text.common.state}
        value={filter.state ?? ""}
        options={[
          { value: "", label: text.operations.anyState },
          ...OPERATION_STATES.map((state) => ({ value: state, label: text.operationState[state] })),
        ]}
        onChange={(value) => void show({ ...filter, state: OPERATION_STATES.find((state) => state === value) })}
      />
      {TYPED.map((field) => (
        <Input
          key={field}
          className="find"
          aria-label={text.operations.filters[field]}
          placeholder={text.operations.filters[field]}
          spellCheck={false}
          value={draft[field] ?? ""}
          onChange={(event) => type({ [field]: event.target.value.trim() })}
        />
      ))}
      <Button htmlType="submit">{text.audit.filter}</Button>
      {narrowed && <Button onClick={() => settle({})}>{text.operations.all}</Button>}
    </form>
  );
}
