// Any of the centre's reasons, found by typing: names in every language, codes, heads. The pattern
// is ARIA's combobox with a list that is grouped: the focus stays in the field, arrows move through
// the list, Enter chooses, Escape closes it.
import { useComputed, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { settings } from "../app";
import { reasonName } from "../causes";
import { count } from "../format";
import { label, locale, t, tn } from "../i18n";
import { entriesOf, search } from "../search";
import { Icon } from "./icon";

const PAGE = 8;

export function ReasonPicker({ chosen, choose, leave }: {
  /** What the field shows while nothing is being typed: a reason that has no button of its own. */
  chosen: string | null; choose(code: string): void; leave(): void;
}) {
  const query = useSignal<string | null>(null);
  const at = useSignal(0);
  const list = useRef<HTMLDivElement>(null);
  const entries = useComputed(() => entriesOf(settings.value.reasons, settings.value.heads));
  const { reasons, heads } = settings.value;
  const open = query.value !== null;
  const groups = useComputed(() => (query.value === null ? [] : search(entries.value, query.value)));
  const codes = useComputed(() => groups.value.flatMap((group) => group.codes));
  const active = open ? codes.value[at.value] : undefined;

  useLayoutEffect(() => {
    if (active) document.getElementById(optionId(active))?.scrollIntoView({ block: "nearest" });
  }, [active]);

  function type(text: string): void {
    query.value = text;
    at.value = 0;
  }

  function take(code: string | undefined): void {
    if (code === undefined) return;
    choose(code);
    query.value = null;
  }

  function move(event: KeyboardEvent, to: number): void {
    event.preventDefault();
    if (!open) return type("");
    const last = codes.value.length - 1;
    at.value = last < 0 ? 0 : Math.min(last, Math.max(0, to));
  }

  function key(event: KeyboardEvent): void {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    switch (event.key) {
      case "ArrowDown": return move(event, at.value === codes.value.length - 1 ? 0 : at.value + 1);
      case "ArrowUp": return move(event, at.value === 0 ? codes.value.length - 1 : at.value - 1);
      case "PageDown": return move(event, at.value + PAGE);
      case "PageUp": return move(event, at.value - PAGE);
      case "Enter":
        event.preventDefault(); // the form is not sent from here
        return open ? take(active) : type("");
      case "Escape":
        if (open) event.preventDefault();
        query.value = null;
    }
  }

  return (
    <div class="picker">
      <label>
        <span class="unseen">{t("wrapup.other")}</span>
        <Icon name="search" size={15} />
        <input
          type="text" role="combobox" aria-expanded={open} aria-controls="reason-list"
          aria-autocomplete="list" aria-activedescendant={active ? optionId(active) : undefined}
          autocomplete="off" spellcheck={false} placeholder={t("picker.search")}
          value={query.value ?? (chosen === null ? "" : label(reasons, chosen))}
          onInput={(event) => type(event.currentTarget.value)}
          onClick={() => (open ? undefined : type(""))}
          onKeyDown={key}
          onBlur={() => {
            query.value = null;
            leave();
          }}
        />
      </label>
      <div
        class="picker-list" id="reason-list" role="listbox" ref={list} hidden={!open}
        aria-label={t("wrapup.other")}
        onPointerDown={(event) => event.preventDefault()} // the field keeps the focus
      >
        {open && groups.value.map(({ head, codes: own }) => (
          <div key={head ?? ""} role="group" aria-label={head === null ? t("picker.no_head") : reasonName(settings.value, head)}>
            {heads.length > 0 && (
              <p class="picker-head" aria-hidden="true">
                {head === null ? t("picker.no_head") : reasonName({ reasons: [], heads }, head)}
              </p>
            )}
            {own.map((code) => (
              <div
                key={code} id={optionId(code)} role="option" aria-selected={code === active}
                class="picker-option" onClick={() => take(code)}
              >{label(reasons, code)}</div>
            ))}
          </div>
        ))}
        {open && codes.value.length === 0 && <p class="quiet picker-none">{t("picker.none")}</p>}
      </div>
      <p class="unseen" role="status">
        {open ? tn("picker.found", codes.value.length, count(locale.value, codes.value.length)) : ""}
      </p>
    </div>
  );
}

function optionId(code: string): string {
  return `reason-${code}`;
}

/** The chosen reason with the head it belongs to. */
export function ChosenReason({ code }: { code: string | null }) {
  const { reasons, heads } = settings.value;
  const head = reasons.find((choice) => choice.code === code)?.head;
  return (
    <p class="chosen-reason">
      {code === null ? <span class="quiet">{t("picker.nothing")}</span> : (
        <>
          {head !== undefined && <span class="quiet">{reasonName({ reasons: [], heads }, head)} › </span>}
          <strong>{label(reasons, code)}</strong>
        </>
      )}
    </p>
  );
}
