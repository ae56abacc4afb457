// Small pieces that several views share.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { settings } from "../app";
import { second } from "../clock";
import { clockTime, dayAndTime, percent, relative, timer } from "../format";
import { language, locale, t, word } from "../i18n";
import type { Card } from "../protocol";
import { Icon } from "./icon";

/** Seconds since a server instant, running. Not announced: a screen reader reads it on demand. */
export function Timer({ since, until }: { since: number; until?: number | null }) {
  const end = until ?? second.value;
  return <span class="timer" role="timer" aria-live="off">{timer(end - since)}</span>;
}

/** Seconds until a server instant, running down to zero. */
export function Countdown({ until }: { until: number }) {
  return <span class="timer" role="timer" aria-live="off">{timer(until - second.value)}</span>;
}

/** A count-down with a ring that empties; the number carries the meaning. */
export function CountRing({ from, until }: { from: number; until: number }) {
  const share = Math.min(1, Math.max(0, (until - second.value) / Math.max(1, until - from)));
  return (
    <span class="count-ring">
      <svg viewBox="0 0 36 36" aria-hidden="true">
        <circle cx="18" cy="18" r="15.5" />
        <circle
          cx="18" cy="18" r="15.5" pathLength={100} class="left"
          style={{ strokeDashoffset: String(100 - share * 100) }}
        />
      </svg>
      <Countdown until={until} />
    </span>
  );
}

export function When({ at }: { at: number }) {
  const lang = locale.value;
  const zone = settings.value.time_zone;
  // A minute is fine enough here, and keeps lists from being drawn every second.
  const now = Math.floor(second.value / 60) * 60;
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={dayAndTime(lang, at, zone)}>
      {relative(lang, at, now)}
    </time>
  );
}

export function TimeOfDay({ at, seconds = false }: { at: number; seconds?: boolean }) {
  return (
    <time dateTime={new Date(at * 1000).toISOString()}>
      {clockTime(locale.value, at, settings.value.time_zone, seconds)}
    </time>
  );
}

/** A probability as number and bar; the number carries the meaning, the bar only helps. */
export function Share({ value }: { value: number }) {
  const bounded = Math.min(1, Math.max(0, value));
  return (
    <span class="share">
      <span class="share-bar" aria-hidden="true">
        <span style={{ inlineSize: `${bounded * 100}%` }} />
      </span>
      <span class="share-number">{percent(locale.value, bounded)}</span>
    </span>
  );
}

/** Says whose data these are while the caller may be somebody else. */
export function IfItIs({ card }: { card: Card }) {
  return card.identity === "candidates" && card.profile !== null
    ? <span class="badge badge-unsure">{t("caller.if", { name: card.profile.name })}</span>
    : null;
}

export function Panel(props: {
  name: string; title: string; icon: string; children: ComponentChildren; aside?: ComponentChildren;
}) {
  const id = `panel-${props.name}`;
  return (
    <section class={`panel panel-${props.name}`} aria-labelledby={id}>
      <header class="panel-head">
        <Icon name={props.icon} />
        <h2 id={id}>{props.title}</h2>
        {props.aside && <div class="panel-aside">{props.aside}</div>}
      </header>
      {props.children}
    </section>
  );
}

/** Grey lines where something is being looked up; their number reserves the room it will need. */
export function Pending({ lines, text }: { lines: number; text: string }) {
  return (
    <div class="pending">
      <p class="quiet">{text}</p>
      {Array.from({ length: lines }, (_, i) => <span key={i} class="skeleton" aria-hidden="true" />)}
    </div>
  );
}

export function Tier({ tier }: { tier: string }) {
  const known = ["gold", "silver", "platinum", "standard", "bronze"].includes(tier);
  return <span class={`badge tier ${known ? `tier-${tier}` : ""}`}>{word("tier", tier)}</span>;
}

export function Keys({ letter }: { letter: string }) {
  return (
    <kbd class="chord" aria-hidden="true"><span>Ctrl</span><span>⇧</span>
      <span>{letter.toUpperCase()}</span></kbd>
  );
}

/** A button that opens a panel below it; Escape and a click elsewhere close it. */
export function Disclosure(props: {
  open: boolean; setOpen(open: boolean): void; label: ComponentChildren; name: string;
  className: string; children: ComponentChildren; buttonLabel?: string; align?: "start" | "end";
  /** Why it does not open now, for whoever tries. */
  block?: string | null; tellBlock?(why: string): void; busy?: boolean;
}) {
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!props.open) return;
    const away = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) props.setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [props.open]);
  return (
    <div
      class="disclosure"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === "Escape" && props.open) {
          props.setOpen(false);
          button.current?.focus();
        }
        if (props.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
          walk(root.current!, event.key === "ArrowDown" ? 1 : -1);
          event.preventDefault();
        }
      }}
    >
      <button
        type="button"
        ref={button}
        class={props.className}
        aria-expanded={props.open}
        aria-controls={`${props.name}-panel`}
        aria-label={props.buttonLabel}
        aria-disabled={props.block ? true : undefined}
        aria-busy={props.busy || undefined}
        aria-describedby={props.block ? `${props.name}-block` : undefined}
        title={props.block ?? undefined}
        id={`${props.name}-button`}
        onClick={() => (props.block ? props.tellBlock?.(props.block) : props.setOpen(!props.open))}
      >
        {props.label}
      </button>
      {props.block && <span class="unseen" id={`${props.name}-block`}>{props.block}</span>}
      <div
        class={`popup popup-${props.align ?? "end"}`}
        id={`${props.name}-panel`}
        hidden={!props.open}
      >
        {props.open && props.children}
      </div>
    </div>
  );
}

function walk(root: HTMLElement, step: number): void {
  const stops = [...root.querySelectorAll<HTMLElement>("button:not(:disabled), input, select")];
  const at = stops.indexOf(document.activeElement as HTMLElement);
  stops[(at + step + stops.length) % stops.length]?.focus();
}

/** Several choices of which one holds; real radio buttons, drawn as one bar. */
export function Segments<T extends string>(props: {
  name: string; legend: string; value: T; options: readonly { value: T; text: string; lang?: string }[];
  choose(value: T): void;
}) {
  return (
    <fieldset class="segments">
      <legend>{props.legend}</legend>
      <div>
        {props.options.map((option) => (
          <label key={option.value} lang={option.lang}>
            <input
              type="radio"
              name={props.name}
              checked={props.value === option.value}
              onChange={() => props.choose(option.value)}
            />
            <span>{option.text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export const LANGUAGE_NAMES = [
  { value: "en", text: "English", lang: "en" },
  { value: "zh-Hans", text: "简体中文", lang: "zh-Hans" },
  { value: "zh-Hant", text: "繁體中文", lang: "zh-Hant" },
] as const;

/** A language's own or translated name for a BCP 47 tag. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(language.value, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag; // not a language tag
  }
}

export function NotKnown({ text }: { text?: string }) {
  return <p class="quiet">{text ?? t("not_known")}</p>;
}
