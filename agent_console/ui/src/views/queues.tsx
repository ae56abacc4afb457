// The columns of the supervisor's table of queues.
import { settings } from "../app";
import { count, duration, percent, timer } from "../format";
import { locale, t, word } from "../i18n";
import type { QueueView } from "../protocol";
import { Timer } from "./bits";
import { Icon } from "./icon";
import type { Column } from "./table";

/** Share of the calls that left the queue which were answered in time; nothing before the first. */
export function serviceLevel(view: QueueView): number | null {
  const done = view.answered + view.abandoned + view.left;
  return done === 0 ? null : view.within_threshold / done;
}

export function averageWait(view: QueueView): number | null {
  return view.answered === 0 ? null : view.wait_total / view.answered;
}

export function queueColumns(): Column<QueueView>[] {
  const lang = locale.value;
  const number = (key: keyof QueueView, title: string, hint?: string): Column<QueueView> => ({
    key, title, hint, numeric: true,
    value: (q) => q[key] as number,
    cell: (q) => count(lang, q[key] as number),
  });
  return [
    { key: "queue", title: t("queues.queue"), value: (q) => q.queue, heading: true, cell: (q) => <bdi>{q.queue}</bdi> },
    {
      key: "waiting", title: t("queues.waiting"), numeric: true, value: (q) => q.waiting,
      cell: (q) => (
        <span class={q.waiting > 0 ? "waiting-some" : ""}>
          {q.waiting > 0 && q.ready === 0 && (
            <><Icon name="warn" size={14} /><span class="unseen">{t("queues.nobody_ready")} </span></>
          )}
          {count(lang, q.waiting)}
        </span>
      ),
    },
    {
      key: "longest", title: t("queues.longest"), numeric: true,
      value: (q) => (q.longest_since === null ? null : -q.longest_since),
      cell: (q) => (q.longest_since === null ? "–" : <Timer since={q.longest_since} />),
    },
    {
      key: "expected", title: t("queues.expected"), hint: t("queues.expected_hint"), numeric: true,
      value: (q) => q.p50,
      cell: (q) => (
        q.p50 === null ? <span class="quiet">{t("queues.too_few")}</span>
          : <>{timer(q.p50)}{q.p90 !== null && <>–{timer(q.p90)}</>}</>
      ),
    },
    {
      key: "sl", title: t("queues.sl"), hint: t("queues.sl_definition"), numeric: true,
      value: serviceLevel,
      cell: (q) => {
        const level = serviceLevel(q);
        return (
          <>
            {level === null ? "–" : percent(lang, level)}
            <span class="quiet sl-threshold"> / {duration(lang, q.threshold)}</span>
          </>
        );
      },
    },
    {
      key: "asa", title: t("queues.asa"), hint: t("queues.asa_hint"), numeric: true,
      value: averageWait,
      cell: (q) => {
        const wait = averageWait(q);
        return wait === null ? "–" : timer(Math.round(wait));
      },
    },
    ...(settings.value.callbacks
      ? [number("callbacks", t("queues.callbacks"), t("queues.callbacks_hint"))] : []),
    number("offered", t("queues.offered")),
    number("answered", t("queues.answered")),
    number("abandoned", t("queues.abandoned")),
    {
      key: "promises", title: t("queues.promises"), hint: t("queues.promises_hint"), numeric: true,
      value: (q) => (q.promises === 0 ? null : q.promises_kept / q.promises),
      cell: (q) => (
        q.promises === 0 ? "–" : (
          <>
            {percent(lang, q.promises_kept / q.promises)}
            <span class="quiet sl-threshold"> / {count(lang, q.promises)}</span>
          </>
        )
      ),
    },
    number("ready", word("state", "ready")),
    number("reserved", word("state", "reserved")),
    number("talking", word("state", "talking")),
    number("wrapup", word("state", "wrapup")),
    number("on_break", word("state", "break")),
    number("missed", word("state", "missed")),
    number("unreachable", word("state", "unreachable")),
    number("signed_in", t("queues.signed_in")),
    {
      key: "open", title: t("queues.open"), value: (q) => (q.open ? 0 : 1),
      cell: (q) => (
        <span class={`chip-flat ${q.open ? "" : "chip-off"}`}>
          {t(q.open ? "queues.is_open" : "queues.is_closed")}
        </span>
      ),
    },
    {
      key: "distribution", title: t("queues.distribution"), hint: t("queues.distribution_hint"),
      value: (q) => q.distribution, cell: (q) => word("distribution", q.distribution),
    },
  ];
}
