// Catalogues: complete, used, and really translated. Formats: what people read.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Offset } from "../src/clock";
import {
  calendarDate, duration, factValue, money, percent, relative, timer,
} from "../src/format";
import { label, language, nearest, t, tn, word } from "../src/i18n";
import en from "../src/i18n/en.json";
import hans from "../src/i18n/zh-Hans.json";
import hant from "../src/i18n/zh-Hant.json";
import { chordFor, SHORTCUTS } from "../src/keys";

const CATALOGUES: Record<string, Record<string, string>> = { en, "zh-Hans": hans, "zh-Hant": hant };

function sources(): string {
  const root = `${import.meta.dirname}/../src`;
  return readdirSync(root, { recursive: true })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => readFileSync(`${root}/${file}`, "utf8"))
    .join("\n");
}

test("every language has exactly the same keys, but for plural forms Chinese does not have", () => {
  for (const [name, words] of Object.entries(CATALOGUES)) {
    const wanted = Object.keys(en).filter((key) => name === "en" || !key.endsWith(".one"));
    assert.deepEqual(Object.keys(words).sort(), wanted.sort(), name);
  }
});

test("every key that the sources name exists, and every key in a catalogue is used", () => {
  const code = sources();
  const named = new Set([...code.matchAll(/\bt\("([\w.]+)"/g)].map((m) => m[1]!));
  for (const m of code.matchAll(/"([a-z_]+\.[a-z_.]+)"/g)) if (m[1]! in en) named.add(m[1]!);
  for (const m of code.matchAll(/t\(`([a-z.]+)(?:\.|_)\$\{/g)) {
    for (const key of Object.keys(en)) if (key.startsWith(m[1]!)) named.add(key);
  }
  const families = new Set([...code.matchAll(/\b(?:word|knows)\("(\w+)"/g)].map((m) => m[1]!));
  for (const m of code.matchAll(/tn\([`"]([\w.]+?)(?:\.\$\{\w+\})?[`"]/g)) {
    for (const key of Object.keys(en)) if (key.startsWith(m[1]!)) named.add(key);
  }
  for (const family of ["tier", "segment", "channel"]) families.add(family); // codeWord's own
  const missing = [...named].filter((key) => !(key in en)
    && !Object.keys(en).some((k) => k.startsWith(`${key}.`)));
  assert.deepEqual(missing, []);
  const unused = Object.keys(en)
    .filter((key) => !named.has(key) && !families.has(key.split(".")[0]!));
  assert.deepEqual(unused, []);
});

test("Chinese is Chinese, and each script keeps to itself", () => {
  const onlyHans = /[们来时话语队议说谢认证国没这为会还后样现对开关户码资讯录码线连车见长问间闻页项须预题额读请该详]/;
  const onlyHant = /[們來時話語隊議說謝認證國這為會還後樣現對開關戶碼資訊錄線連車見長問間聞頁項須預題額讀請該詳]/;
  // "{kind}: {value}" has no word of its own to be in any script.
  const written = (text: string): boolean => /\p{L}/u.test(text.replace(/\{\w+\}/g, ""));
  for (const [key, text] of Object.entries(hans)) {
    assert.ok(!written(text) || /\p{Script=Han}/u.test(text), `zh-Hans ${key}: ${text}`);
    assert.ok(!onlyHant.test(text), `zh-Hans ${key} has a traditional character: ${text}`);
  }
  for (const [key, text] of Object.entries(hant)) {
    assert.ok(!written(text) || /\p{Script=Han}/u.test(text), `zh-Hant ${key}: ${text}`);
    assert.ok(!onlyHans.test(text), `zh-Hant ${key} has a simplified character: ${text}`);
  }
});

test("every placeholder of the English text is in the translations", () => {
  const marks = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort();
  for (const [key, text] of Object.entries(en)) {
    for (const words of [hans, hant] as Record<string, string>[]) {
      if (key in words) assert.deepEqual(marks(words[key]!), marks(text), key);
    }
  }
});

test("languages are matched by script and region", () => {
  assert.deepEqual(
    ["zh", "zh-CN", "zh-SG", "zh-TW", "zh-HK", "zh-Hant-MY", "en-GB", "de", "", "???"].map(nearest),
    ["zh-Hans", "zh-Hans", "zh-Hans", "zh-Hant", "zh-Hant", "zh-Hant", "en", null, null, null],
  );
});

test("unknown codes are shown as they are; labels fall back to English, then to the code", () => {
  language.value = "zh-Hans";
  assert.equal(word("state", "ready"), "就绪");
  assert.equal(word("state", "teleporting"), "teleporting");
  const choices = [{ code: "a", labels: { en: "Apple" } }];
  assert.equal(label(choices, "a"), "Apple");
  assert.equal(label(choices, "b"), "b");
  assert.equal(tn("contacts.transfers", 1, "1"), "转接 1 次");
  language.value = "en";
  assert.equal(tn("contacts.transfers", 1, "1"), "1 transfer");
  assert.equal(t("wrapup.saved", { time: "12:03:04" }), "Saved 12:03:04");
});

test("numbers, money and times read as the language writes them", () => {
  assert.equal(timer(7), "0:07");
  assert.equal(timer(3723), "1:02:03");
  assert.equal(timer(-3), "0:00");
  assert.equal(duration("en", 185), "3 min 5 sec");
  assert.equal(duration("zh-Hans", 185), "3分钟5秒");
  assert.equal(duration("en", 86_400 * 2), "2 days");
  assert.equal(duration("en", 0), "0 sec");
  assert.equal(money("en", 123_450, "EUR"), "€1,234.50");
  assert.equal(money("en", 1234, "JPY"), "¥1,234");
  assert.equal(money("en", 1234, "not a code"), "1,234 not a code");
  assert.equal(percent("en", 0.584), "58%");
  assert.equal(calendarDate("en", "2017-03-04"), "Mar 4, 2017");
  assert.equal(calendarDate("en", "soon"), "soon");
  assert.equal(relative("en", 1000 - 7200, 1000), "2 hours ago");
  assert.equal(relative("en", 659, 600), "this minute");
  assert.equal(relative("en", 599, 659), "1 minute ago");
  assert.equal(relative("en", 720, 600), "in 2 minutes");
});

test("a fact whose value does not fit its kind is shown as it came", () => {
  const words = { code: (value: string) => `<${value}>`, yes: "yes", no: "no" };
  const shown = (kind: string, value: unknown, unit: string | null = null): string =>
    factValue("en", { kind, value, unit } as never, "UTC", 1_000_000, words);
  assert.equal(shown("code", "tier.gold"), "<tier.gold>");
  assert.equal(shown("flag", false), "no");
  assert.equal(shown("money", 990, "GBP"), "£9.90");
  assert.equal(shown("money", "much", "GBP"), "much");
  assert.equal(shown("share", 0.25), "25%");
  assert.equal(shown("duration", 90), "1 min 30 sec");
  assert.equal(shown("later", 5), "5");
});

test("the clock takes the least delayed message and follows a clock that was set", () => {
  const offset = new Offset();
  offset.measured(1000, 990_500);
  assert.equal(offset.measured(1010, 1_000_250), 9.75);
  assert.equal(offset.measured(1020, 1_010_500), 9.75);
  assert.equal(offset.measured(1030, 1_090_000), -60);
});

test("no two shortcuts share a letter", () => {
  const letters = Object.values(SHORTCUTS).map(({ letter }) => letter);
  assert.equal(new Set(letters).size, letters.length);
});

test("chords are found by letter, by place for other keyboards, and by digit", () => {
  assert.equal(chordFor({ key: "S", code: "KeyS" }), "state");
  assert.equal(chordFor({ key: "ы", code: "KeyS" }), "state");
  assert.equal(chordFor({ key: "!", code: "Digit1" }), "reason.1");
  assert.equal(chordFor({ key: "q", code: "KeyQ" }), null);
});
