// Clocks of other zones, promises by day, the drawing of them, and refusals in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { byDay, troubleOf, whyBroken, type Score } from "../src/callbacks";
import { columns } from "../src/chart";
import { language } from "../src/i18n";
import { Refused } from "../src/session";
import { instantOf, isZone, sameClock, wallOf, windowText } from "../src/zones";

const at = (iso: string): number => Date.parse(iso) / 1000;

test("a time on the wall is the instant at which clocks there show it", () => {
  for (const [wall, zone, iso] of [
    ["2026-01-31T14:30", "Europe/Berlin", "2026-01-31T13:30:00Z"],
    ["2026-07-31T14:30", "Europe/Berlin", "2026-07-31T12:30:00Z"],
    ["2026-01-31T00:15", "Asia/Taipei", "2026-01-30T16:15:00Z"],
    ["2026-01-31T14:30", "Asia/Kathmandu", "2026-01-31T08:45:00Z"],
    ["2026-01-31T14:30", "America/Los_Angeles", "2026-01-31T22:30:00Z"],
    ["2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00:00Z"], // the first after the gap
    ["2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"], // comes twice: the first
  ] as const) {
    assert.equal(instantOf(wall, zone), at(iso), `${wall} ${zone}`);
    assert.equal(wallOf(at(iso), zone), wall);
  }
});

test("times that clocks leave out, days that are none and other texts are no instants", () => {
  for (const wall of ["2026-03-29T02:30", "2026-02-30T10:00", "2026-13-01T10:00", "10:00", ""]) {
    assert.equal(instantOf(wall, "Europe/Berlin"), null, wall);
  }
});

test("windows name the day where it is not today's, on the clock they are read on", () => {
  const now = at("2026-01-31T10:00:00Z");
  const opens = at("2026-01-31T22:45:00Z");
  assert.equal(windowText("en-GB", opens, opens + 900, "Europe/London", now), "22:45–23:00");
  assert.equal(windowText("en-GB", opens, opens + 900, "Europe/Berlin", now), "23:45–1 Feb 2026 00:00");
  assert.equal(windowText("en-GB", opens, opens + 900, "Asia/Taipei", now), "1 Feb 2026 06:45–07:00");
  assert.equal(windowText("en-GB", opens, opens + 900, "Mars/Base", now), "22:45–23:00");
  assert.equal(sameClock("Europe/Berlin", "Europe/Paris", now), true);
  assert.equal(sameClock("Europe/Berlin", "Europe/London", now), false);
  assert.deepEqual(["Europe/Berlin", "Mars/Base", ""].map(isZone), [true, false, false]);
});

const score = (day: string, queue: string, promised: number, kept: number, late: number,
  broken: [string, number][] = []): Score => ({ day, queue, promised, kept, late, reached: kept, broken });

test("promises are summed by day over queues; what is neither kept nor late was broken", () => {
  const all = [
    score("2026-01-02", "sales", 4, 2, 1, [["window_over", 1], ["late", 1]]),
    score("2026-01-02", "help", 3, 3, 0),
    score("2026-01-01", "sales", 2, 0, 0, [["window_over", 1], ["law", 1]]),
    score("2026-01-03", "sales", 0, 0, 0),
    score("2025-12-30", "help", 1, 1, 0),
  ];
  assert.deepEqual(byDay([]), []);
  assert.deepEqual(byDay(all), [
    { day: "2025-12-30", promised: 1, kept: 1, late: 0, broken: 0 },
    { day: "2025-12-31", promised: 0, kept: 0, late: 0, broken: 0 },
    { day: "2026-01-01", promised: 2, kept: 0, late: 0, broken: 2 },
    { day: "2026-01-02", promised: 7, kept: 5, late: 1, broken: 1 },
  ]);
  assert.deepEqual(whyBroken(all), [["window_over", 2], ["late", 1], ["law", 1]]);
});

test("columns stand on the ground, the parts on one another, the highest fills the drawing", () => {
  const bars = columns([{ a: 3, b: 1 }, { a: 1, b: 1 }, {}], ["a", "b"], 300, 100);
  assert.deepEqual(bars.map((bar) => bar.parts), [
    [{ part: "a", y: 25, height: 75 }, { part: "b", y: 0, height: 25 }],
    [{ part: "a", y: 75, height: 25 }, { part: "b", y: 50, height: 25 }],
    [{ part: "a", y: 100, height: 0 }, { part: "b", y: 100, height: 0 }],
  ]);
  assert.deepEqual(bars.map((bar) => [bar.x, bar.width]), [[15, 70], [115, 70], [215, 70]]);
  assert.deepEqual(columns([], ["a"], 300, 100), []);
});

test("a refusal is said in the reader's words, and names the field", () => {
  language.value = "zh-Hans";
  const refused = (status: number, problem: object): Refused => new Refused(status, problem);
  const errors = [{ pointer: "/when", code: "slot_taken", detail: "no room" }];
  assert.deepEqual(troubleOf(refused(422, { code: "invalid", detail: "no room", errors })), {
    field: "when", text: "该时段已满。请另选时段。",
  });
  assert.deepEqual(troubleOf(refused(409, { code: "refused", detail: "changed" })).field, null);
  language.value = "en";
  assert.ok(/changed meanwhile/.test(troubleOf(refused(409, { code: "refused" })).text));
  assert.equal(troubleOf(refused(422, { detail: "/x: odd" })).text, "/x: odd");
  assert.ok(/cannot be reached/.test(troubleOf(new TypeError("fetch failed")).text));
});
