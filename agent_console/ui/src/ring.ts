// A ringing call, made noticeable: the tab's title and icon in every tab, a soft two-note ring in
// the one that leads. A ring never outlives its cause: every way out of ringing stops it.
import { computed, effect } from "@preact/signals";
import { agent, front, line } from "./app";
import { t, word } from "./i18n";
import idle from "./icons/icon-idle.svg";
import ringing from "./icons/icon-ring.svg";
import { sound } from "./prefs";

const NOTES: readonly [number, number][] = [[660, 0], [880, 0.22], [660, 0.7], [880, 0.92]];
const EVERY = 3000;
const LOUDNESS = 0.12;

let audio: AudioContext | null = null;

/** Browsers allow sound only after a gesture; the first click or key anywhere is enough. */
function unlock(): void {
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume();
}

function strike(context: AudioContext): void {
  for (const [pitch, at] of NOTES) {
    const begin = context.currentTime + at;
    const tone = context.createOscillator();
    const loud = context.createGain();
    tone.frequency.value = pitch;
    tone.type = "sine";
    loud.gain.setValueAtTime(0, begin);
    loud.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.03);
    loud.gain.exponentialRampToValueAtTime(0.001, begin + 0.4);
    tone.connect(loud).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + 0.45);
  }
}

const RINGING = new Set(["offered", "reserved"]);
export const offered = computed(() => RINGING.has(agent.value?.state ?? ""));
const audible = computed(() =>
  offered.value && sound.value === "on" && (line.value?.leading.value ?? false));

export function watchRinging(): void {
  document.addEventListener("pointerdown", unlock);
  document.addEventListener("keydown", unlock);

  effect(() => {
    const card = front.value;
    const who = card?.profile?.name ?? card?.caller_name ?? card?.number;
    if (offered.value) document.title = `☎ ${who ?? t("caller.unknown")}`;
    else if (agent.value) document.title = `${word("state", agent.value.state)} · ${t("product")}`;
    else document.title = t("product");
  });

  effect(() => {
    const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (icon) icon.href = new URL(offered.value ? ringing : idle, import.meta.url).href;
  });

  effect(() => {
    if (!audible.value) return;
    const ring = (): void => {
      if (audio?.state === "running") strike(audio);
    };
    ring();
    const timer = setInterval(ring, EVERY);
    return () => clearInterval(timer);
  });
}
