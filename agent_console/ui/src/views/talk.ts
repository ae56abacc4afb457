// What the parts of the call bar share: what is known of the call, and panels opened by keyboard.
import type { Do, Known } from "../controls";

/** What the line says: the reason why a button does nothing now, until something else happens. */
export interface Talk { known: Known; why(act: Do): string | null; say(why: string): void }

/** Opens a panel from the keyboard and goes into it. */
export function show(
  open: { value: boolean }, name: string, why: string | null, talk: Pick<Talk, "say">,
): void {
  if (why !== null) return talk.say(why);
  open.value = true;
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>(`#${name}-panel :is(input, textarea, button)`)?.focus());
}

export function close(open: { value: boolean }, name: string): void {
  open.value = false;
  document.getElementById(`${name}-button`)?.focus();
}
