// The server's time as this browser can know it. Timers count from the server's own instants, so
// a wrong local clock or a reload never changes what they show.
import { signal } from "@preact/signals";

const SAMPLES = 16;
const JUMP = 2; // seconds between samples that only a changed clock explains

/** Estimates server minus local time. A message is always late, never early, so of many samples
 *  the largest difference is the least delayed one. */
export class Offset {
  private samples: number[] = [];

  /** `server` in seconds, `local` in milliseconds; returns the offset in seconds. */
  measured(server: number, local: number): number {
    const sample = server - local / 1000;
    if (Math.abs(sample - this.value) > JUMP) this.samples = [];
    this.samples.push(sample);
    if (this.samples.length > SAMPLES) this.samples.shift();
    return this.value;
  }

  get value(): number {
    return this.samples.length === 0 ? 0 : Math.max(...this.samples);
  }
}

/** Seconds to add to the local clock; the tab that owns the socket tells the others. */
export const offset = signal(0);
/** Server time in whole seconds, moving once a second. */
export const second = signal(Math.floor(Date.now() / 1000));

export function serverNow(): number {
  return Date.now() / 1000 + offset.value;
}

export function beat(): void {
  const now = Math.floor(serverNow());
  if (now !== second.peek()) second.value = now;
}
