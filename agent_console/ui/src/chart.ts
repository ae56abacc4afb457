// Geometry of the reliability chart: what was said against what came, in a square. Pure.
export interface Bin { p: number; share: number; n: number }

export interface Dot { x: number; y: number; r: number; bin: Bin }

const SMALLEST = 1.6;
const LARGEST = 6.5;

/** Dots in a square of `size`, with y upwards as people read it; the area of a dot grows with the
 *  number of calls behind it. Bins without calls, and what is no number, are left out. */
export function dots(bins: readonly Bin[], size: number): Dot[] {
  const good = bins.filter(({ p, share, n }) =>
    n > 0 && [p, share, n].every((value) => Number.isFinite(value)));
  const most = Math.max(0, ...good.map(({ n }) => n));
  return good.map((bin) => ({
    x: within(bin.p) * size,
    y: (1 - within(bin.share)) * size,
    r: SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(bin.n / most),
    bin,
  }));
}

/** The line through the dots, from left to right, as an SVG path. */
export function path(all: readonly Dot[]): string {
  return [...all].sort((a, b) => a.x - b.x)
    .map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
}

function within(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export interface Bar { x: number; width: number; parts: { part: string; y: number; height: number }[] }

/** Columns of stacked parts, the first part at the bottom, as high as their sums in `height`. */
export function columns(
  rows: readonly Readonly<Record<string, number>>[], parts: readonly string[], width: number,
  height: number,
): Bar[] {
  const sum = (row: Readonly<Record<string, number>>): number =>
    parts.reduce((total, part) => total + (row[part] ?? 0), 0);
  const most = Math.max(1, ...rows.map(sum));
  const step = width / Math.max(1, rows.length);
  return rows.map((row, i) => {
    let top = height;
    return {
      x: round(i * step + step * 0.15),
      width: round(step * 0.7),
      parts: parts.map((part) => {
        const high = ((row[part] ?? 0) / most) * height;
        top -= high;
        return { part, y: round(top), height: round(high) };
      }),
    };
  });
}
