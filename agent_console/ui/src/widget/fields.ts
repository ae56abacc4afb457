// Controls with their label, hint and message; every one has a name that can be read out.
import { h } from "./dom";

export interface Field {
  row: HTMLElement;
  /** Say what is wrong beside it; empty: nothing. */
  fault(message: string): void;
  focus(): void;
}

let count = 0;

/** ``row``'s children are there already; the hint goes before ``control``, the message to the end. */
function described(row: HTMLElement, control: HTMLElement, text: string): Field {
  const id = `cc${(count += 1)}`;
  const error = h("p", { id: `${id}e`, class: "error", "aria-live": "polite" });
  if (text) row.insertBefore(h("p", { id: `${id}h`, class: "hint" }, text), control);
  row.append(error);
  control.setAttribute("aria-describedby", `${id}h ${id}e`);
  return {
    row,
    fault(message) {
      error.textContent = message;
      control.setAttribute("aria-invalid", `${!!message}`);
    },
    focus: () => (control.querySelector<HTMLElement>(":checked") ??
      control.querySelector("input") ?? control).focus(),
  };
}

export function field(label: string, control: HTMLElement, more?: string, hint = ""): Field {
  control.id = `cc${(count += 1)}`;
  control.setAttribute("part", (control.className = "input"));
  const name = h("label", { for: control.id, class: "label" }, label,
    more && h("span", { class: "quiet" }, ` (${more})`));
  return described(h("div", { class: "field" }, name, control), control, hint);
}

export interface Group extends Field {
  list: HTMLElement;
  /** Of the button that is chosen, or empty. */
  value(): string;
}

/** Radio buttons. */
export function group(legend: string, kind: string): Group {
  const list = h("div", { class: kind });
  const row = h("fieldset", {}, h("legend", { class: "label" }, legend), list);
  const value = (): string => list.querySelector<HTMLInputElement>(":checked")?.value ?? "";
  return { ...described(row, row, ""), list, value };
}

export const radio = (
  name: string, value: string, checked: boolean, label: string, hint = "",
): HTMLElement =>
  h("label", { class: "option" }, h("input", { type: "radio", name, value, checked }),
    h("span", {}, label, hint && h("small", {}, hint)));

export const button = (label: string, click: () => void, kind = "button"): HTMLButtonElement =>
  h("button", { type: "button", class: kind, click }, label);

export const submit = (label: string): HTMLButtonElement =>
  h("button", { class: "primary" }, label);

export const actions = (...buttons: HTMLElement[]): HTMLElement =>
  h("div", { class: "actions" }, ...buttons);

