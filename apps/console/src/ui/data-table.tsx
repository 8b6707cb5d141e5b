import { useState, type ReactNode } from "react";
import Button from "antd/es/button";
import { useText } from "../i18n/language.tsx";

export interface Column<Row> {
  key: string;
  title: string;
  render: (row: Row) => ReactNode;
  /** Ascending; a column without it cannot be sorted by. */
  compare?: (a: Row, b: Row) => number;
  align?: "right";
  /** For a column of buttons: the title is there for those who listen only. */
  titleUnseen?: boolean;
}

interface DataTableProps<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  /** Sorted by this column until somebody chooses another; in the given order when absent. */
  sortedBy?: string;
}

/** Rows shown at first, and with each click for more: beyond this, finding is done by searching. */
const STEP = 100;

/** A dense table; sorts by a click on a column's title. Ant Design's Table would be a third of all that the first page loads. */
export function DataTable<Row>({ label, rows, columns, keyOf, sortedBy }: DataTableProps<Row>) {
  const text = useText();
  const [order, setOrder] = useState({ key: sortedBy, descending: false });
  const [limit, setLimit] = useState(STEP);
  const compare = columns.find((column) => column.key === order.key)?.compare;
  const sorted = compare === undefined ? rows : rows.toSorted((a, b) => (order.descending ? compare(b, a) : compare(a, b)));
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable with the keyboard */}
      <div className="table-frame" tabIndex={0} role="region" aria-label={label}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <HeadCell key={column.key} column={column} order={order} setOrder={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, limit).map((row) => (
              <tr key={keyOf(row)}>
                {columns.map((column) => (
                  <td key={column.key} className={column.align}>
                    {column.render(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {sorted.length > limit && <Button onClick={() => setLimit(limit + STEP)}>{text.operations.more}</Button>}
    </>
  );
}

interface Order {
  key: string | undefined;
  descending: boolean;
}

interface HeadCellProps<Row> {
  column: Column<Row>;
  order: Order;
  setOrder: (order: Order) => void;
}

function HeadCell<Row>({ column, order, setOrder }: HeadCellProps<Row>) {
  const active = order.key === column.key;
  if (column.compare === undefined) {
    return (
      <th scope="col" className={column.align}>
        <span className={column.titleUnseen === true ? "unseen" : ""}>{column.title}</span>
      </th>
    );
  }
  return (
    <th scope="col" className={column.align} aria-sort={!active ? "none" : order.descending ? "descending" : "ascending"}>
      <button type="button" onClick={() => setOrder({ key: column.key, descending: active && !order.descending })}>
        {column.title}
        <span aria-hidden="true" className={active ? "" : "hidden"}>
          {active && order.descending ? "↓" : "↑"}
        </span>
      </button>
    </th>
  );
}
