// Everything the widget says, in three languages: English, Simplified and Traditional Chinese.
import table from "./words.json";

export const LANGUAGES = ["en", "zh-Hans", "zh-Hant"] as const;
export type Language = (typeof LANGUAGES)[number];

/** By word: one text for each language, in their order. */
export const WORDS: Record<keyof typeof table, string[]> = table;

export type Word = keyof typeof table;
export type Say = (word: Word, ...values: (string | number)[]) => string;

/** The nearest of the three to a language tag; ``undefined``: none of them. */
export function nearest(tag: string): Language | undefined {
  if (/^zh-(hant|tw|hk|mo)\b/i.test(tag)) return "zh-Hant";
  if (/^zh\b/i.test(tag)) return "zh-Hans";
  return /^en\b/i.test(tag) ? "en" : undefined;
}

/** The first tag that is one of the three, or English. */
export function choose(...tags: (string | null | undefined)[]): Language {
  for (const tag of tags) {
    const found = tag && nearest(tag);
    if (found) return found;
  }
  return "en";
}

export function speaker(language: Language): Say {
  const at = LANGUAGES.indexOf(language);
  return (word, ...values) =>
    WORDS[word][at]!.replace(/\{(\d)\}/g, (_, index: string) => String(values[+index]));
}

/** For times and dates: the visitor's own kind of the language, such as en-GB. */
export const localeOf = (language: Language): string =>
  navigator.languages.find((tag) => nearest(tag) === language) ?? language;
