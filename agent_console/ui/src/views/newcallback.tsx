// A supervisor promises a customer a call without one on the screen. What was typed stays while the
// form is folded up and when it is refused; sent twice, it is booked once.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { board, settings } from "../app";
import { type Callback, schedule, type Slot, slots, type Trouble, troubleOf } from "../callbacks";
import { serverNow } from "../clock";
import { clockTime, day } from "../format";
import { label, locale, t } from "../i18n";
import { uuid } from "../line";
import { isZone, sameClock, windowText } from "../zones";
import { Icon } from "./icon";
import { byDay, FreeTimes } from "./schedule";

const WORDS_MOST = 2000;
const NAME_MOST = 200;
const SLOW = 1000;
const AHEAD_DAYS = 14;

interface Typed {
  number: string; queue: string; name: string; zone: string; reason: string; words: string;
  /** `now`, or when the chosen window opens, in seconds. */
  when: string; agent: string;
}

/** `booked`: the list is out of date. */
export function NewCallback({ booked }: { booked(): void }) {
  const made = useSignal<{ callback: Callback; zone: string } | null>(null);
  const again = useSignal(0);
  return (
    <section class="panel panel-schedule panel-new" aria-label={t("schedule.title")}>
      <details>
        <summary><Icon name="outbound" /> <span>{t("schedule.title")}</span></summary>
        {made.value === null ? (
          <Form
            key={again.value} made={(callback, zone) => {
              made.value = { callback, zone };
              booked();
            }}
          />
        ) : (
          <Made
            {...made.value} another={() => {
              again.value += 1;
              made.value = null;
            }}
          />
        )}
      </details>
    </section>
  );
}

function Form({ made }: { made(callback: Callback, zone: string): void }) {
  const here = settings.value.time_zone;
  const queues = Object.values(board.value?.queues ?? {})
    .filter(({ distribution }) => distribution === "engine").map(({ queue }) => queue).sort();
  const agents = Object.values(board.value?.agents ?? {});
  const typed = useSignal<Typed>({
    number: "", queue: queues.length === 1 ? queues[0]! : "", name: "", zone: here, reason: "",
    words: "", when: "now", agent: "",
  });
  const key = useSignal(uuid());
  const choices = useSignal<readonly Slot[] | null>(null);
  const wrong = useSignal<readonly Trouble[]>([]);
  const busy = useSignal(false);
  const slow = useSignal(false);
  const asked = useSignal(0);
  const form = useRef<HTMLFormElement>(null);
  const { queue, when, zone } = typed.value;
  useEffect(() => {
    if (queue === "") return;
    let gone = false;
    choices.value = null;
    slots(queue, AHEAD_DAYS).then(
      (found) => {
        if (gone) return;
        choices.value = found;
        if (!found.some(({ opens }) => String(opens) === typed.value.when)) set("when", "now");
      },
      (error: unknown) => {
        if (!gone) [choices.value, wrong.value] = [[], [troubleOf(error)]];
      },
    );
    return () => {
      gone = true;
    };
  }, [queue, asked.value]);

  function set(name: keyof Typed, value: string): void {
    typed.value = { ...typed.value, [name]: value };
  }

  function refuse(found: readonly Trouble[]): void {
    wrong.value = found;
    const first = found.find(({ field }) => field !== null)?.field;
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(`[name="${first}"]`)?.focus());
  }

  async function submit(): Promise<void> {
    if (busy.value) return;
    const { number, name, reason, words, agent } = typed.value;
    const missing: Trouble[] = [];
    if (!number.trim()) missing.push({ field: "number", text: t("schedule.no_number") });
    if (queue === "") missing.push({ field: "queue", text: t("schedule.no_queue") });
    if (!isZone(zone)) missing.push({ field: "zone", text: t("schedule.no_zone") });
    if (missing.length > 0) return refuse(missing);
    [busy.value, wrong.value] = [true, []];
    const late = setTimeout(() => (slow.value = true), SLOW);
    try {
      const callback = await schedule({
        number: number.trim(), queue, zone, words: words.trim(), mine: false, key: key.value,
        when: when === "now" ? when : new Date(Number(when) * 1000).toISOString(),
        ...(name.trim() ? { name: name.trim() } : {}), ...(reason ? { reason } : {}),
        ...(agent ? { agent } : {}),
      });
      made(callback, zone);
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble.field === "when") asked.value += 1; // somebody else was faster
      refuse([trouble]);
    } finally {
      clearTimeout(late);
      [busy.value, slow.value] = [false, false];
    }
  }

  /** What is wrong with a field, and how the field says so. */
  const said = (name: keyof Typed): string | undefined =>
    wrong.value.find(({ field }) => field === name)?.text;
  const told = (name: keyof Typed) => ({
    name, "aria-invalid": said(name) !== undefined,
    "aria-describedby": said(name) === undefined ? undefined : `new-${name}-wrong`,
  });
  const text = (name: keyof Typed) => ({
    ...told(name), value: typed.value[name],
    onInput: (event: { currentTarget: { value: string } }) => set(name, event.currentTarget.value),
  });
  const choice = (name: keyof Typed) => ({
    ...told(name), value: typed.value[name],
    onChange: (event: { currentTarget: { value: string } }) => set(name, event.currentTarget.value),
  });
  const opens = when === "now" ? null : Number(when);
  const days = byDay(queue === "" ? [] : choices.value ?? [], here);
  const chosen = opens === null ? "now" : day(locale.value, opens, here);
  const rest = wrong.value.find(({ field }) => field === null || !(field in typed.value));
  return (
    <form
      ref={form} class="schedule new-callback" noValidate onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field label={t("schedule.number")} wrong={said("number")} name="number">
        <input type="tel" maxLength={64} autocomplete="off" {...text("number")} />
      </Field>
      <Field label={t("queues.queue")} wrong={said("queue")} name="queue">
        <select {...choice("queue")}>
          {queues.length !== 1 && <option value="">{t("schedule.choose")}</option>}
          {queues.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </Field>
      <Field
        label={t("schedule.when")} wrong={said("when")} name="when"
        hint={queue !== "" && choices.value === null ? t("schedule.loading")
          : choices.value?.length === 0 ? t("schedule.none") : undefined}
      >
        <select
          {...told("when")} name={opens === null ? "when" : "day"} value={chosen}
          aria-busy={queue !== "" && choices.value === null}
          onChange={({ currentTarget: { value } }) => {
            const first = days.find(([name]) => name === value)?.[1][0];
            set("when", first === undefined ? "now" : String(first.opens));
          }}
        >
          <option value="now">{t("schedule.now")}</option>
          {days.map(([name]) => <option key={name} value={name}>{name}</option>)}
        </select>
      </Field>
      {opens !== null && (
        <Field
          label={t("schedule.time")} wrong={undefined} name="time"
          hint={isZone(zone) && !sameClock(zone, here, opens)
            ? t("schedule.theirs", { time: `${day(locale.value, opens, zone)} ${clockTime(locale.value, opens, zone)}` })
            : undefined}
        >
          <select {...choice("when")}>
            <FreeTimes slots={days.find(([name]) => name === chosen)?.[1] ?? []} zone={here} />
          </select>
        </Field>
      )}
      <Field label={t("callbacks.assign_to")} wrong={said("agent")} name="agent">
        <select {...choice("agent")}>
          <option value="">{t("schedule.any")}</option>
          {agents.map(({ agent, name }) => <option key={agent} value={agent}>{name}</option>)}
        </select>
      </Field>
      <Field label={t("schedule.name")} wrong={said("name")} name="name">
        <input maxLength={NAME_MOST} autocomplete="off" {...text("name")} />
      </Field>
      <Field label={t("schedule.zone")} wrong={said("zone")} name="zone">
        <input list="new-callback-zones" maxLength={64} autocomplete="off" {...text("zone")} />
        <datalist id="new-callback-zones">
          {Intl.supportedValuesOf("timeZone").map((name) => <option key={name} value={name} />)}
        </datalist>
      </Field>
      <Field label={t("schedule.reason")} wrong={said("reason")} name="reason">
        <select {...choice("reason")}>
          <option value="">{t("schedule.no_reason")}</option>
          <Reasons />
        </select>
      </Field>
      <Field label={t("schedule.words")} wrong={said("words")} name="words">
        <textarea rows={2} maxLength={WORDS_MOST} {...text("words")} />
      </Field>
      <div class="new-callback-end">
        <button type="submit" class="button primary" aria-disabled={busy.value} aria-busy={busy.value}>
          {t(busy.value ? "schedule.busy" : "schedule.submit")}
          {slow.value && <progress aria-label={t("schedule.busy")} />}
        </button>
        <p class="form-problem" role="alert">
          {rest && <><Icon name="bad" /> <span>{rest.text}</span></>}
        </p>
      </div>
    </form>
  );
}

function Field(props: {
  label: string; name: string; wrong: string | undefined; hint?: string | undefined;
  children: ComponentChildren;
}) {
  return (
    <div class="new-callback-field">
      <label class="field"><span>{props.label}</span>{props.children}</label>
      {props.wrong !== undefined && (
        <p class="field-wrong" role="alert" id={`new-${props.name}-wrong`}>
          <Icon name="bad" size={15} /> <span>{props.wrong}</span>
        </p>
      )}
      {props.hint !== undefined && <p class="quiet popup-hint">{props.hint}</p>}
    </div>
  );
}

/** All reasons there are, below their heads. */
function Reasons() {
  const { reasons, heads } = settings.value;
  const option = ({ code }: { code: string }) => (
    <option key={code} value={code}>{label(reasons, code)}</option>
  );
  return (
    <>
      {heads.map((head) => (
        <optgroup key={head.code} label={label(heads, head.code)}>
          {reasons.filter((one) => one.head === head.code).map(option)}
        </optgroup>
      ))}
      {reasons.filter(({ head }) => !heads.some(({ code }) => code === head)).map(option)}
    </>
  );
}

function Made({ callback, zone, another }: { callback: Callback; zone: string; another(): void }) {
  const here = settings.value.time_zone;
  const { opens, closes, agent } = callback;
  const window = windowText(locale.value, opens, closes, here, serverNow());
  const shown = useRef<HTMLParagraphElement>(null);
  useEffect(() => shown.current?.focus(), []);
  return (
    <>
      <p class="schedule-made" role="status" tabIndex={-1} ref={shown}>
        <Icon name="good" size={20} />
        <span>
          <strong>{t("schedule.made", { ref: callback.id })}</strong>{" "}
          {agent === null ? t("schedule.made_any", { window })
            : t("schedule.made_agent", { window, name: board.value?.agents[agent]?.name ?? agent })}{" "}
          {!sameClock(zone, here, opens) && (
            t("callback.their_time", { window: windowText(locale.value, opens, closes, zone, serverNow()), zone })
          )}
        </span>
      </p>
      <button type="button" class="button" onClick={another}>{t("schedule.another")}</button>
    </>
  );
}
