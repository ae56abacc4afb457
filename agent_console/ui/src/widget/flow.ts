// The form: why, perhaps an answer, who, when; then the confirmation. Nothing typed is ever lost.
import { ending, facts, linksOf } from "./done";
import { h, safe } from "./dom";
import type { Child } from "./dom";
import type { Draft, Typed } from "./draft";
import { actions, button, field, submit } from "./fields";
import type { Field } from "./fields";
import { labour } from "./labour";
import type { Labour } from "./labour";
import { isZone, ownZone } from "./times";
import type { Slot } from "./times";
import { when } from "./when";
import type { Answers, Booked, Form, Offer, Problem, Wire } from "./wire";
import { localeOf } from "./words";
import type { Say, Word } from "./words";

type Step = "why" | "helps" | "who" | "last";
const STEPS: Step[] = ["why", "who", "last"];
/** Seconds that a form without the work takes at least, where the engine has not said. */
const PATIENCE = 30;

export function flow(
  say: Say, wire: Wire, offer: Offer, draft: Draft, customer: string,
  emit: (event: string, detail: object) => void, restart: () => void,
): HTMLElement {
  const typed = draft.read();
  let { token } = offer;
  let step: Step = "why";
  let views = 0;
  let busy = false;
  let asked = "";
  let checked = "";
  let country = "";
  let deflection = "";
  let opened: Set<string>;
  let work: Labour | null = null;

  // --- what is typed -----------------------------------------------------------------------------

  const choice = (list: [string, string][], value = ""): HTMLSelectElement => {
    const select = h("select", {}, ...list.map(([code, label]) => new Option(label, code)));
    select.value = value;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
    return select;
  };
  const entry = (autocomplete: string, value = "", maxlength = 100, type = "text"): HTMLInputElement => {
    const input = h("input", { autocomplete, maxlength, type });
    input.value = value;
    return input;
  };
  const reason = choice(
    [["", say("pick")], ...offer.reasons.map(({ code, label }): [string, string] => [code, label])],
    typed.reason);
  const words = h("textarea", { rows: 3, maxlength: 500 });
  words.value = typed.words ?? "";
  const region = choice(offer.regions.map(({ code, name }) => [code, name]), typed.region || offer.region);
  const number = entry("tel", typed.number, 40, "tel");
  const name = entry("name", typed.name);
  const code = entry("one-time-code", "", 12);
  const consent = h("input", { type: "checkbox" });
  const website = h("input"); // for programs, not for people
  const zone = typed.zone || "";
  const time = when(say, localeOf(wire.language), offer.now, isZone(zone) ? zone : ownZone(), typed.when ?? "", slots);
  const fields: Record<string, Field> = {
    reason: field(say("reason"), reason),
    words: field(say("own"), words, offer.reasons[0] && say("optional"), say("ownHint")),
    region: field(say("country"), region),
    number: field(say("number"), number, "", offer.number_hint),
    name: field(say("name"), name, say("optional")),
    when: time,
    consent: field(offer.consent, consent),
    code: field(say("code"), code),
  };
  const row = (name: string): HTMLElement => fields[name]!.row;
  const good = h("p", { class: "good", "aria-live": "polite" });
  row("number").append(good);
  row("consent").classList.add("consent");
  row("code").hidden = true;
  const current = (): Typed => ({
    reason: reason.value, words: words.value, number: number.value.trim(), region: region.value,
    name: name.value.trim(), zone: time.zone(), when: time.value(),
  });

  // --- what is seen ------------------------------------------------------------------------------

  const place = h("p", { class: "place" });
  const status = h("p", { class: "status", role: "status" });
  const alert = h("div", { class: "alert", role: "alert" });
  const labouring = h("div");
  const pane = (word: Word, ...inside: Child[]): HTMLElement =>
    h("section", { class: "pane" }, h("h3", { tabindex: -1, class: "heading" }, say(word)), ...inside);
  const back = (to: Step): HTMLElement => button(say("back"), () => show(to));
  const mail = /^[^\s:@]+@[^\s:@]+$/.test(offer.contact) ? "mailto:" : "";
  const href = safe(mail + offer.contact, "x:/");
  const panes: Record<Step, HTMLElement> = {
    why: pane("why", offer.reasons[0] && row("reason"), row("words"), actions(submit(say("next")))),
    helps: pane("helps"),
    who: pane("who", offer.regions[1] && row("region"), row("number"), row("name"),
      actions(submit(say("next")), back("why"))),
    last: pane("when", row("when"), offer.consent && row("consent"), row("code"),
      h("div", { hidden: true }, website),
      offer.contact && h("p", { class: "hint" }, say("data"), " ",
        href ? h("a", { href }, offer.contact) : offer.contact),
      labouring, actions(submit(say("send")), back("who"))),
  };
  const keep = (): void => draft.write(current());
  const form = h("form", {
    novalidate: true, input: keep, change: keep,
    submit(event) {
      event.preventDefault();
      void next();
    },
  }, ...Object.values(panes));
  const whole = h("div", {},
    h("h2", { class: "title" }, h("small", {}, offer.name), say("title")),
    place, h("div", { class: "bar", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    form, status, alert);

  function tell(text: string, trouble = "", more?: Child): void {
    status.textContent = text;
    alert.replaceChildren(...(trouble ? [h("p", {}, trouble), more || ""] : []));
    form.toggleAttribute("aria-busy", !!text);
  }

  function show(to: Step, focus = true): void {
    step = to;
    views += 1;
    busy = false;
    tell("");
    for (const [one, element] of Object.entries(panes)) element.hidden = one !== to;
    const at = Math.max(0, STEPS.indexOf(to));
    place.textContent = say("step", at + 1, STEPS.length);
    whole.dataset.step = `${at}`;
    if (focus) panes[to].querySelector("h3")!.focus();
    if (to !== "last") return;
    // The sum is done while the visitor reads: at the end it is mostly there.
    if (offer.work) work ??= labour(say, offer.work, PATIENCE);
    void slots();
  }

  // --- what is asked of the engine -----------------------------------------------------------------

  /** Do it, with a word meanwhile; without an answer: say so, with a way to try ``again``. */
  async function attempt<T>(
    word: Word | "", what: () => Promise<T>, again: () => void,
  ): Promise<T | undefined> {
    tell(word && say(word));
    try {
      const found = await what();
      tell("");
      return found;
    } catch (error) {
      console.warn("cc-callback", error);
      tell("", say(error instanceof SyntaxError ? "broken" : "offline"), button(say("retry"), again));
      return undefined;
    }
  }

  async function slots(): Promise<void> {
    const path = `slots?zone=${encodeURIComponent(time.zone())}&region=${country}`;
    const reply = await attempt("wait", () => wire.ask<{ slots: Slot[] }>(path), slots);
    if (reply?.ok) time.offer(reply.body.slots);
    else if (reply) refused(reply.body);
  }

  async function next(): Promise<void> {
    if (busy) return;
    busy = true;
    await (step === "why" ? why() : step === "who" ? who() : send());
    busy = false;
  }

  async function why(): Promise<void> {
    const { reason, words } = current();
    const some = reason || words.trim();
    const first = fields[offer.reasons[0] ? "reason" : "words"]!;
    first.fault(some ? "" : say("ownNeed"));
    if (!some) return first.focus();
    if (offer.answers && asked !== reason + words) await suggest(reason, words);
    if (step === "why" && !alert.firstChild) show("who");
  }

  async function suggest(reason: string, words: string): Promise<void> {
    const reply = await attempt("wait", () =>
      wire.ask<Answers>("answers", { reason, words, language: wire.language }), next);
    if (!reply) return;
    asked = reason + words;
    // Answers are a courtesy: when there are none, the form goes on without.
    if (!reply.ok || !reply.body.answers.length) return;
    deflection = reply.body.id;
    opened = new Set();
    const heading = panes.helps.firstChild!;
    panes.helps.replaceChildren(heading, ...reply.body.answers.map(({ id, title, body }) =>
      h("details", { class: "answer", toggle: () => opened.add(id) },
        h("summary", {}, title), h("p", {}, body))),
    actions(button(say("solved"), () => solved(true)),
      button(say("anyway"), () => solved(false), "primary"), back("why")));
    show("helps");
  }

  function solved(solved: boolean): void {
    const { number, region } = current();
    wire.ask(`answers/${encodeURIComponent(deflection)}`,
      { opened: [...opened], solved, number: checked && number, region })
      .catch((error: unknown) => console.warn("cc-callback", error));
    emit("answered", { solved });
    if (!solved) return show("who");
    draft.clear();
    ending(whole, say("glad"), actions(button(say("again"), restart, "primary")));
  }

  /** Ask the engine whether the number can be called; it says why not. */
  async function check(): Promise<boolean> {
    const { number, region } = current();
    const { fault } = fields.number!;
    if (checked === region + number) return true;
    if (!number) fault(say("need"));
    const reply = number && await attempt("", () =>
      wire.ask<{ shown: string; region: string | null }>("number", { number, region }), next);
    if (!reply || current().number !== number) return false;
    const { ok, body } = reply;
    fault(ok ? "" : body.errors?.[0]?.message ?? body.detail ?? say("broken"));
    good.textContent = ok ? say("numberOk", body.shown) : "";
    if (ok) {
      checked = region + number;
      country = body.region ?? ""; // its law says when it may be called
    } else emit("refused", { code: body.code });
    return ok;
  }

  async function who(): Promise<void> {
    if (await check()) show("last");
    else if (!alert.firstChild) number.focus();
  }

  /** ``rounds``: how often more work may be asked for. */
  async function send(rounds = 3): Promise<void> {
    const seen = views;
    for (const { fault } of Object.values(fields)) fault("");
    const body: Form = {
      ...current(), token, language: wire.language, consent: consent.checked,
      website: website.value, code: code.value.trim(), deflection, customer,
    };
    if (!body.when) {
      time.fault(say("pick"));
      return time.focus();
    }
    const reply = await attempt("wait", async () => {
      if (work) {
        labouring.replaceChildren(work.element);
        body.work = await work.answer;
        labouring.replaceChildren();
      }
      if (seen !== views) return undefined; // the visitor went back meanwhile
      return wire.ask<Booked>("callbacks", body);
    }, next);
    if (!reply) return;
    if (reply.ok) {
      draft.clear();
      const { ref, opens, closes } = reply.body;
      ending(whole, say("title"), facts(say, wire, reply.body), linksOf(say, wire, reply.body.links));
      return emit("booked", { ref, opens, closes });
    }
    const problem = reply.body;
    if (problem.token) {
      token = problem.token; // work belongs to a token
      offer.work = work = null;
    }
    if (problem.work && rounds) {
      work = labour(say, problem.work, problem.wait ?? 0);
      return send(rounds - 1);
    }
    refused(problem);
  }

  /** Say why, beside the field where there is one; new times take the place of those taken. */
  function refused({ code, errors = [], slots, detail, links }: Problem): void {
    emit("refused", { code });
    if (slots) time.offer(slots);
    const known = errors.filter(({ field }) => fields[field]);
    for (const { field, message } of known) fields[field]!.fault(message);
    const first = known[0]?.field;
    const more = links && linksOf(say, wire, links);
    if (!first) return tell("", detail ?? say("broken"), more);
    if (first === "code") row("code").hidden = false;
    if (first === "number") good.textContent = checked = "";
    const at = STEPS.find((one) => panes[one].contains(row(first)));
    if (at && at !== step) show(at);
    tell("", say("check"), more);
    fields[first]!.focus();
  }

  number.addEventListener("blur", () => void (number.value && check()));
  region.addEventListener("change", () => void (number.value && check()));
  number.addEventListener("input", () => (good.textContent = checked = ""));
  show("why", false);
  return whole;
}
