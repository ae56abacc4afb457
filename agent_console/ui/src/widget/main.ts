// <cc-callback site="main">: asks a visitor whom to call, why and when, and books it.
// Without script, or in a browser that is too old, what is inside the element stays as it is.
import { h } from "./dom";
import { draftIn, tabStore } from "./draft";
import { button } from "./fields";
import { flow } from "./flow";
import style from "./style.css";
import { ownZone } from "./times";
import { baseOf, wireTo } from "./wire";
import type { Offer, Wire } from "./wire";
import { choose, nearest, speaker } from "./words";
import type { Language } from "./words";

const script = document.currentScript as HTMLScriptElement | null;

class Callback extends HTMLElement {
  static readonly observedAttributes = ["site", "base", "lang"];
  #run = 0;

  connectedCallback(): void {
    if (!this.shadowRoot) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    }
    void this.#start();
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (this.shadowRoot && before !== after) void this.#start();
  }

  async #start(focus = false): Promise<void> {
    const run = (this.#run += 1);
    const attribute = (name: string): string => this.getAttribute(name) ?? "";
    const emit = (event: string, detail: object): void => void this.dispatchEvent(
      new CustomEvent(`cc-callback:${event}`, { detail, bubbles: true, composed: true }));
    const wireIn = (language: Language): Wire =>
      wireTo(baseOf(attribute("base"), script?.src ?? ""), attribute("site"), language);
    let lang = choose(this.closest("[lang]")?.getAttribute("lang"), ...navigator.languages);
    let say = speaker(lang);
    const text = h("p", { class: "status", role: "status" }, say("wait"));
    const card = h("div", { class: "card", lang }, text);
    this.shadowRoot!.replaceChildren(card);
    try {
      const zone = encodeURIComponent(ownZone());
      const { ok, body } = await wireIn(lang).ask<Offer>(`form?zone=${zone}`);
      if (run !== this.#run) return;
      if (!ok || !body.on) {
        text.textContent = (!ok && body.detail) || say("off");
        card.append(h("slot"));
        return emit("refused", { code: ok ? body.why : body.code });
      }
      // A site need not have every language.
      card.lang = lang = nearest(body.language) ?? lang;
      say = speaker(lang);
      const draft = draftIn(tabStore(), `cc-callback:${attribute("site")}`);
      card.replaceChildren(flow(
        say, wireIn(lang), body, draft, attribute("customer"), emit, () => void this.#start(true)));
      if (focus) card.querySelector<HTMLElement>("h3")!.focus();
      emit("ready", {});
    } catch (error) {
      if (run !== this.#run) return;
      console.warn("cc-callback", error);
      text.textContent = say("offline");
      card.append(button(say("retry"), () => void this.#start(true)), h("slot"));
    }
  }
}

// Browsers that have this have all the rest that is used here.
if (CSS.supports("color", "light-dark(red, red)") && !customElements.get("cc-callback"))
  customElements.define("cc-callback", Callback);
