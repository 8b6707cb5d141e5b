import { useRef, useState, type ReactNode } from "react";
import { useWindowRows } from "./use-window-rows.ts";

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
  /** All columns are as wide as each other, whatever is in view: for thousands of rows that are alike. */
  steady?: boolean;
  /** Pixels that a row usually has; each is measured once it is in view. */
  rowHeight?: number;
}

/** A phone has room for no more: there the rows of a table with more columns stand as cards, each cell with its column's title. */
const PHONE_COLUMNS = 4;
/** Of a row with one line. */
const ONE_LINE = 40;

/**
 * A dense table; sorts by a click on a column's title; of thousands of rows only those in view are in the document. Ant Design's Table would be
 * a third of all that the first page loads.
 */
export function DataTable<Row>({ label, rows, columns, keyOf, sortedBy, steady = false, rowHeight = ONE_LINE }: DataTableProps<Row>) {
  const [order, setOrder] = useState({ key: sortedBy, descending: false });
  const compare = columns.find((column) => column.key === order.key)?.compare;
  const sorted = compare === undefined ? rows : rows.toSorted((a, b) => (order.descending ? compare(b, a) : compare(a, b)));
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable with the keyboard
    <div className="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table className={`${steady ? "steady" : ""} ${columns.length > PHONE_COLUMNS ? "stacks" : ""}`} aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} order={order} setOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <Body rows={sorted} columns={columns} keyOf={keyOf} rowHeight={rowHeight} />
      </table>
    </div>
  );
}

type BodyProps<Row> = Pick<DataTableProps<Row>, "rows" | "columns" | "keyOf"> & { rowHeight: number };

/** Apart from the table: scrolling draws its rows alone, and sorts nothing again. */
function Body<Row>({ rows, columns, keyOf, rowHeight }: BodyProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const shown = useWindowRows(body, { count: rows.length, estimate: rowHeight });
  const gap = (key: string, height: number) =>
    height > 0 && (
      <tr key={key} aria-hidden="true" className="table-gap">
        <td colSpan={columns.length} style={{ height }} />
      </tr>
    );
  return (
    <tbody ref={body}>
      {gap("before", shown.before)}
      {shown.rows.map((index) => {
        const row = rows[index];
        if (row === undefined) return null;
        return (
          <tr key={keyOf(row)} ref={shown.measure} data-index={index} aria-rowindex={index + 2}>
            {columns.map((column) => (
              <td key={column.key} className={column.align} data-title={column.titleUnseen === true ? undefined : column.title}>
                {column.render(row)}
              </td>
            ))}
          </tr>
        );
      })}
      {gap("after", shown.after)}
    </tbody>
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
