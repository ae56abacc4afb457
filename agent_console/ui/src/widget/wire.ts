// What is said to the engine: JSON over fetch, without cookies. Nothing else is ever sent.
import type { Slot } from "./times";
import type { Challenge, Solution } from "./work";
import type { Language } from "./words";

export interface Offer {
  on: boolean;
  /** Why not, where it is off. */
  why: string | null;
  name: string;
  /** One of those the site has: the nearest to ours. */
  language: string;
  token: string;
  /** ``p50``, ``p90``: seconds of waiting, as far as they are known. */
  now: (Slot & { p50: number | null; p90: number | null }) | null;
  reasons: { code: string; label: string }[];
  regions: { code: string; name: string }[];
  region: string;
  number_hint: string;
  consent: string;
  contact: string;
  answers: boolean;
  work: Challenge | null;
}
export interface Answers {
  id: string;
  answers: { id: string; title: string; body: string }[];
}
export interface Form {
  token: string;
  number: string;
  region: string;
  name: string;
  language: string;
  zone: string;
  when: string;
  reason: string;
  words: string;
  consent: boolean;
  website: string;
  code: string;
  deflection: string;
  customer: string;
  work?: Solution;
}
export type Links = Partial<Record<"status" | "move" | "cancel" | "ics", string>>;
export interface Booked extends Slot {
  ref: string;
  zone: string;
  /** As people write it. */
  number: string;
  links: Links;
}
/** A refusal after RFC 9457, and what helps to go on. */
export interface Problem {
  code?: string;
  detail?: string;
  errors?: { field: string; code: string; message: string }[];
  slots?: Slot[];
  token?: string;
  work?: Challenge;
  wait?: number;
  links?: Links;
}
/** ``body`` is a ``T`` if ``ok``, else a ``Problem``. */
export interface Reply<T> {
  ok: boolean;
  body: Omit<Problem, keyof T> & T;
}

const PATIENCE_MS = 15_000;

export interface Wire {
  base: string;
  language: Language;
  /** Raises when there is no answer in time, or none that is JSON. */
  ask<T>(path: string, body?: object): Promise<Reply<T>>;
}

export const wireTo = (base: string, site: string, language: Language): Wire => ({
  base,
  language,
  async ask(path, body) {
    const url = new URL(`${base}/${encodeURIComponent(site)}/${path}`, location.href);
    url.searchParams.set("lang", language);
    const answer = await fetch(url, {
      method: body ? "POST" : "GET",
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { ok, status } = answer;
    return { ok, body: status === 204 ? {} : await answer.json() };
  },
});

/** The address under which the engine's public pages are: the attribute's, else the script's. */
export const baseOf = (attribute: string | null, script: string): string =>
  (attribute || script.replace(/\/widget\.js.*$/, "")).replace(/\/+$/, "");
