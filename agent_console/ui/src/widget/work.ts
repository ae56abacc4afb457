// Proof of work that keeps robots out: WebCrypto does it off the page's thread, in slices.
export interface Challenge {
  algorithm: string;
  salt: string;
  iterations: number;
  target: string;
  max: number;
}
export interface Solution {
  salt: string;
  /** ``null``: not computed; who waited as long as told may send that. */
  counter: number | null;
}

const SLICE_MS = 40;

/** The first counter below ``max`` whose derived key begins with the target, in hex; ``null``:
 * there is none, or it was given up by ``signal``. Raises where the browser or the page's address
 * (not HTTPS) does not allow it. */
export async function solve(
  challenge: Challenge, progress: (share: number) => void, signal: AbortSignal,
): Promise<Solution | null> {
  const { salt, iterations, target, max } = challenge;
  const bytes = Uint8Array.from(salt.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const { subtle } = crypto;
  const fits = async (counter: number): Promise<boolean> => {
    const text = new TextEncoder().encode(`${counter}`);
    const key = await subtle.importKey("raw", text, "PBKDF2", false, ["deriveBits"]);
    const bits = await subtle.deriveBits(
      { name: "PBKDF2", hash: "SHA-256", salt: bytes, iterations }, key, 256,
    );
    return [...new Uint8Array(bits)]
      .map((byte) => byte.toString(16).padStart(2, "0")).join("").startsWith(target);
  };
  let size = 4;
  for (let from = 0; from < max; ) {
    const began = performance.now();
    const counters = Array.from({ length: Math.min(size, max - from) }, (_, i) => from + i);
    const found = (await Promise.all(counters.map(fits))).indexOf(true);
    if (signal.aborted) return null;
    if (found >= 0) return { salt, counter: from + found };
    from += counters.length;
    progress(from / max);
    size = performance.now() - began < SLICE_MS ? size * 2 : Math.max(1, size >> 1);
    await new Promise((go) => setTimeout(go)); // the page first
  }
  return null;
}
