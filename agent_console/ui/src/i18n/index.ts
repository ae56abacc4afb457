// Words of the interface in the user's language. Catalogues are flat JSON; a code from the server
// that no catalogue knows is shown as the code itself, never hidden.
import { computed, signal } from "@preact/signals";
import en from "./en.json";
import hans from "./zh-Hans.json";
import hant from "./zh-Hant.json";

export type Language = "en" | "zh-Hans" | "zh-Hant";
export const LANGUAGES: readonly Language[] = ["en", "zh-Hans", "zh-Hant"];
export type Key = keyof typeof en;

const CATALOGUES: Record<Language, Readonly<Record<string, string>>> = {
  "en": en, "zh-Hans": hans, "zh-Hant": hant,
};

export const language = signal<Language>("en");
const catalogue = computed(() => CATALOGUES[language.value]);
/** The language for numbers and dates: the user's own region when it speaks their language. */
export const locale = computed(() => {
  const own = (globalThis.navigator?.languages ?? []).find((tag) => nearest(tag) === language.value);
  return own ?? language.value;
});
const plural = computed(() => new Intl.PluralRules(language.value));

/** The nearest language we have: `zh-TW` and `zh-HK` are zh-Hant, any other `zh` zh-Hans. */
export function nearest(tag: string | null | undefined): Language | null {
  if (!tag) return null;
  try {
    const locale = new Intl.Locale(tag).maximize();
    if (locale.language === "zh") return locale.script === "Hant" ? "zh-Hant" : "zh-Hans";
    return locale.language === "en" ? "en" : null;
  } catch {
    return null; // not a language tag at all
  }
}

type Values = Readonly<Record<string, string | number>>;

export function t(key: Key, values?: Values): string {
  return fill(catalogue.value[key] ?? en[key] ?? key, values);
}

/** A text that depends on a number: `key.one` or `key.other`, with `{n}`. */
export function tn(key: string, n: number, shown: string, values?: Values): string {
  const words = catalogue.value;
  const text = words[`${key}.${plural.value.select(n)}`] ?? words[`${key}.other`] ?? key;
  return fill(text, { ...values, n: shown });
}

/** The word for a stable code of a family (`state`, `fact`, `evidence`, ...), or the code. */
export function word(family: string, code: string): string {
  return catalogue.value[`${family}.${code}`] ?? code;
}

/** The word for a code with values put in, or the code. */
export function say(family: string, code: string, values: Values): string {
  return fill(catalogue.value[`${family}.${code}`] ?? code, values);
}

/** Whether the catalogue has a word for this code. */
export function knows(family: string, code: string): boolean {
  return `${family}.${code}` in catalogue.value;
}

function fill(text: string, values?: Values): string {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A label from the settings (reasons, outcomes), in the user's language or the nearest. */
export function label(
  choices: readonly { code: string; labels: Record<string, string> }[], code: string,
): string {
  const labels = choices.find((choice) => choice.code === code)?.labels;
  return labels?.[language.value] ?? labels?.en ?? code;
}
