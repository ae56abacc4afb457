"""Calendar files, read back by a small reader of RFC 5545 that shares no code with the writer."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.callbacks.ics import CalendarTexts, calendar
from callcenter.floor.callback import Callback

MADE = 1_795_000_000.0
BOOKED = Callback(
    id="7KQ4-M2PX", version=1, state="scheduled", origin="web", queue="service",
    number="+41443340011", zone="Europe/Zurich", made=MADE, place=MADE + 3600,
    opens=MADE + 3600, closes=MADE + 4500, due=MADE + 3600,
)  # fmt: skip
PLAIN = {"\\\\": "\\", "\\;": ";", "\\,": ",", "\\n": "\n"}
URL = "https://call.example.org/c/r/7KQ4-M2PX?k=abc"


def read(file: bytes) -> list[tuple[str, str]]:
    """(name with parameters, value) of every line, unfolded and unescaped."""
    assert file.endswith(b"\r\n")
    physical = file.split(b"\r\n")[:-1]
    assert all(len(line) <= 75 for line in physical)
    assert all(b"\r" not in line and b"\n" not in line for line in physical)
    for line in physical:
        line.decode("utf-8")  # no character was cut in two
    text = file.decode("utf-8").replace("\r\n ", "")
    found = []
    for line in text.split("\r\n")[:-1]:
        cut = re.fullmatch(r'([A-Z-]+(?:;[A-Z]+=(?:"[^"]*"|[^":;]*))*):(.*)', line, re.DOTALL)
        assert cut is not None, line
        value = re.sub(r"\\[\\;,n]", lambda found: PLAIN[found[0]], cut[2])
        found.append((cut[1], value))
    return found


def values(callback: Callback, name: str = "Bank", **given: object) -> dict[str, str]:
    return dict(read(calendar(callback, name, URL, **given)))


def test_a_booked_callback():
    found = values(BOOKED)
    assert found["METHOD"] == "PUBLISH"
    assert found["STATUS"] == "CONFIRMED"
    assert found["UID"] == "7KQ4-M2PX@callbacks"
    assert found["DTSTART"] == "20261118T120640Z"
    assert found["DTEND"] == "20261118T122140Z"
    assert found["SUMMARY"] == "Call from Bank"
    assert found["URL"] == URL
    assert URL in found["DESCRIPTION"]


def test_a_moved_one_is_the_same_entry_with_a_higher_sequence():
    before = values(BOOKED)
    after = values(replace(BOOKED, version=2, opens=MADE + 7200, closes=MADE + 8100))
    assert after["UID"] == before["UID"]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert after["DTSTART"] == "20261118T130640Z"


@pytest.mark.parametrize("state", ["cancelled", "expired", "refused"])
def test_one_that_will_not_be_is_taken_out(state):
    found = values(replace(BOOKED, state=state, version=3))
    assert (found["METHOD"], found["STATUS"]) == ("CANCEL", "CANCELLED")
    assert values(replace(BOOKED, state="done"))["METHOD"] == "PUBLISH"


def test_languages_and_own_texts():
    assert values(replace(BOOKED, language="zh-Hans"))["SUMMARY"] == "Bank来电"
    assert values(replace(BOOKED, language="zh-Hant"))["SUMMARY"] == "Bank來電"
    assert values(replace(BOOKED, language="fr"))["SUMMARY"] == "Call from Bank"
    own = CalendarTexts(summary="{name}!", description="x {name} {0} %s")
    assert values(BOOKED, texts=own)["SUMMARY"] == "Bank!"


@pytest.mark.parametrize(
    "name",
    [
        "A\r\nATTACH:http://evil.example/x",
        "A\nEND:VEVENT\nBEGIN:VEVENT",
        'A";X=1:b',
        "a,b;c\\n:d",
        "\u2028\u2029\x85\x00\x1b[2J",
        "{name}{0.__class__}%s",
        "銀行" * 200,
        "\ud800",
        "",
    ],
)
def test_hostile_names_begin_no_line(name):
    found = read(calendar(BOOKED, name, URL))
    assert [key.split(";")[0] for key, _ in found] == [
        "BEGIN", "VERSION", "PRODID", "METHOD", "BEGIN", "UID", "SEQUENCE", "DTSTAMP", "DTSTART",
        "DTEND", "SUMMARY", "DESCRIPTION", "STATUS", "TRANSP", "ORGANIZER", "URL", "END", "END",
    ]  # fmt: skip


def test_hostile_links_and_references():
    found = read(calendar(replace(BOOKED, id="X\r\nY:1"), "Bank", "https://a\r\nATTACH:b c"))
    assert ("UID", "XY1@callbacks") in found
    assert ("URL", "https://aATTACH:bc") in found


@given(st.text(max_size=200))
def test_any_name_reads_back(name):
    summary = dict(read(calendar(BOOKED, name, URL)))["SUMMARY"]
    assert summary.startswith("Call from ")
    kept = [sign for sign in name if sign.isalnum() or sign in ',;:\\"^']
    assert [s for s in summary[len("Call from ") :] if s.isalnum() or s in ',;:\\"^'] == kept
