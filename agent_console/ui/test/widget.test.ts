// What the widget works out by itself: its words, its times, its work, what it keeps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { safe } from "../src/widget/dom";
import { draftIn } from "../src/widget/draft";
import { clock, isZone, minutes } from "../src/widget/times";
import { baseOf } from "../src/widget/wire";
import { choose, LANGUAGES, nearest, speaker, WORDS } from "../src/widget/words";
import { solve } from "../src/widget/work";

const marks = (text: string): string => (text.match(/\{\d\}/g) ?? []).sort().join();

test("every word is there in three languages, with the same places to fill in", () => {
  for (const [word, texts] of Object.entries(WORDS)) {
    assert.equal(texts.length, LANGUAGES.length, word);
    assert.ok(texts.every((text) => text.trim().length > 0), word);
    assert.deepEqual(texts.map(marks), texts.map(() => marks(texts[0]!)), word);
  }
});

test("Chinese texts are Chinese, and the two scripts are told apart", () => {
  assert.ok(Object.values(WORDS).every(([, hans]) => /[\u4e00-\u9fff]/.test(hans!)));
  const simplified = /[们给电择时区为发验证码书试]/;
  for (const [word, [, , hant]] of Object.entries(WORDS)) assert.ok(!simplified.test(hant!), word);
});

test("the nearest language by script, then by region; English for all others", () => {
  assert.deepEqual(
    ["zh", "zh-CN", "zh-SG", "zh-Hans-HK", "zh-TW", "zh-HK", "zh-MO", "zh-Hant", "en-GB", "de", "zha"]
      .map(nearest),
    ["zh-Hans", "zh-Hans", "zh-Hans", "zh-Hans", "zh-Hant", "zh-Hant", "zh-Hant", "zh-Hant", "en",
      undefined, undefined],
  );
  assert.equal(choose(null, "", "fr", "zh-TW", "en"), "zh-Hant");
  assert.equal(choose("fr"), "en");
});

test("what is filled in is not read as a place to fill in", () => {
  assert.equal(speaker("en")("step", "{1}", 3), "Step {1} of 3");
});

const slot = (opens: string) => ({ opens, closes: opens });

test("slots fall on the calendar days of the customer's zone, in order", () => {
  const slots = ["2026-11-24T23:30:00+00:00", "2026-11-24T15:00:00+00:00", "2026-11-25T09:00:00+00:00"]
    .map(slot);
  const days = clock("en-GB", "Asia/Shanghai").days(slots);
  assert.deepEqual(days, [
    ["Tue 24 Nov", [["23:00", slots[1]!.opens]]],
    ["Wed 25 Nov", [["07:30", slots[0]!.opens], ["17:00", slots[2]!.opens]]],
  ]);
});

test("a clock time that occurs twice in a night is told apart by the zone", () => {
  const slots = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"].map(slot);
  const [[, times]] = clock("en-GB", "Europe/Berlin").days(slots) as [[string, [string, string][]]];
  assert.deepEqual(times.map(([label]) => label), ["02:30 CEST", "02:30 CET", "03:30"]);
});

test("a window is written as the language writes it", () => {
  const window = { opens: "2026-11-24T10:00:00Z", closes: "2026-11-24T10:15:00Z" };
  const hant = clock("zh-Hant", "Asia/Taipei").window(window);
  assert.ok(/2026年11月24日.*星期二/.test(hant) && hant.includes("6:15"), hant);
  const en = clock("en-GB", "Europe/London").window(window);
  assert.ok(en.includes("Tuesday") && en.includes("10:00") && en.includes("10:15"), en);
  assert.ok(/^Central European .*Time \(Europe\/Berlin\)$/.test(clock("en", "Europe/Berlin").name()));
});

test("zones are known by name, others are none", () => {
  assert.deepEqual(["Europe/Berlin", "UTC", "Nowhere/Else", ""].map(isZone), [true, true, false, false]);
});

test("a wait is told in whole minutes, never none and never the wrong way round", () => {
  assert.deepEqual(minutes(0, 0), [1, 1]);
  assert.deepEqual(minutes(480, 900), [8, 15]);
  assert.deepEqual(minutes(240, 590), [4, 10]);
  assert.deepEqual(minutes(900, 60), [15, 15]);
});

// hashlib.pbkdf2_hmac("sha256", b"37", bytes.fromhex("00ff10"), 5, 32).hex()
const challenge = {
  algorithm: "PBKDF2-SHA-256", salt: "00ff10", iterations: 5, target: "ec05cfad0da8ebc1", max: 64,
};

test("the work is what PBKDF2 elsewhere says it is", async () => {
  const shares: number[] = [];
  const found = await solve(challenge, (share) => shares.push(share), new AbortController().signal);
  assert.deepEqual(found, { salt: "00ff10", counter: 37 });
  assert.deepEqual([...shares].sort((a, b) => a - b), shares);
  assert.ok(shares.length > 0 && shares.every((share) => share > 0 && share <= 1));
});

test("work that has no solution ends, and so does work that is given up", async () => {
  const never = { ...challenge, target: "zz" };
  assert.equal(await solve(never, () => undefined, new AbortController().signal), null);
  const stop = new AbortController();
  let calls = 0;
  const found = await solve({ ...never, max: 1e9 }, () => {
    calls += 1;
    stop.abort();
  }, stop.signal);
  assert.deepEqual([found, calls], [null, 1]);
});

function memory(damaged?: string) {
  const rows = new Map<string, string>(damaged === undefined ? [] : [["k", damaged]]);
  return {
    rows,
    store: {
      getItem: (key: string) => rows.get(key) ?? null,
      setItem: (key: string, value: string) => void rows.set(key, value),
      removeItem: (key: string) => void rows.delete(key),
    },
  };
}
const typed = {
  reason: "card", words: "a|{0}", number: "1", region: "GB", name: "N", zone: "UTC", when: "now",
};

test("an unfinished form is kept until it is done with", () => {
  const { rows, store } = memory();
  const draft = draftIn(store, "k");
  draft.write(typed);
  assert.deepEqual(draftIn(store, "k").read(), typed);
  assert.deepEqual(draftIn(store, "other").read(), {});
  draft.clear();
  assert.equal(rows.size, 0);
});

test("a damaged form is worth what can be read of it", () => {
  const broken = memory('{"name": "N');
  assert.deepEqual(draftIn(broken.store, "k").read(), {});
  assert.equal(broken.rows.size, 0);
  assert.deepEqual(draftIn(memory('{"name": "N", "number": 7}').store, "k").read(), { name: "N" });
  assert.deepEqual(draftIn(memory("null").store, "k").read(), {});
  assert.deepEqual(draftIn(null, "k").read(), {});
});

test("a browser without room keeps nothing, and the form goes on", () => {
  const { rows, store } = memory("{}");
  const full = { ...store, setItem: () => { throw new Error("quota"); } };
  draftIn(full, "k").write(typed);
  assert.equal(rows.size, 0);
});

test("the engine's address is the attribute's, or where the script came from", () => {
  assert.equal(baseOf("https://a.example/c/", "x"), "https://a.example/c");
  assert.equal(baseOf("", "https://b.example/x/c/widget.js?v=3"), "https://b.example/x/c");
});

test("only the web and mail are links", () => {
  assert.equal(safe("/c/r/1", "https://a.example/c"), "https://a.example/c/r/1");
  assert.equal(safe("mailto:a@b.example", "x:/"), "mailto:a@b.example");
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "nothing", "https://"])
    assert.equal(safe(bad, "x:/"), "");
});
