// A table that can be sorted by any column, with real table markup: header buttons, aria-sort,
// and a scrollable region that the keyboard reaches.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { locale } from "../i18n";
import { Icon } from "./icon";

export interface Column<Row> {
  key: string;
  title: string;
  /** What the heading means, in full. */
  hint?: string;
  value(row: Row): number | string | null;
  cell?(row: Row): ComponentChildren;
  numeric?: boolean;
  heading?: boolean;
}

export function compare(a: number | string | null, b: number | string | null, lang: string): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1; // nothing comes last
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), lang, { numeric: true });
}

export function Table<Row>(props: {
  name: string; caption: string; columns: readonly Column<Row>[]; rows: readonly Row[];
  id(row: Row): string; first: string; empty: string; rowClass?(row: Row): string;
  /** The last comes first. */
  down?: boolean;
}) {
  const by = useSignal({ key: props.first, down: props.down ?? false });
  const lang = locale.value;
  const column = props.columns.find((c) => c.key === by.value.key) ?? props.columns[0]!;
  const sign = by.value.down ? -1 : 1;
  const rows = [...props.rows].sort((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === null || y === null) return compare(x, y, lang);
    return sign * compare(x, y, lang) || props.id(a).localeCompare(props.id(b), lang);
  });
  return (
    <div class="table-scroll" role="region" aria-label={props.caption} tabIndex={0}>
      <table>
        <caption class="unseen">{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map((c) => {
              const sorted = c.key === column.key;
              return (
                <th
                  key={c.key} scope="col" class={c.numeric ? "numeric" : ""}
                  aria-sort={sorted ? (by.value.down ? "descending" : "ascending") : "none"}
                >
                  <button
                    type="button" title={c.hint}
                    onClick={() => (by.value = { key: c.key, down: sorted ? !by.value.down : false })}
                  >
                    <span>{c.title}</span>
                    <span class={`sort ${sorted ? "sorted" : ""}`}>
                      <Icon name={sorted && by.value.down ? "down" : "up"} size={12} />
                    </span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.length === 0 && (
            <tr><td colSpan={props.columns.length} class="quiet">{props.empty}</td></tr>
          )}
          {rows.map((row) => (
            <tr key={props.id(row)} class={props.rowClass?.(row)}>
              {props.columns.map((c) => {
                const inside = c.cell ? c.cell(row) : c.value(row) ?? "–";
                return c.heading
                  ? <th key={c.key} scope="row">{inside}</th>
                  : <td key={c.key} class={c.numeric ? "numeric" : ""}>{inside}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
