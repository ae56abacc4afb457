"""Law packs: ours can be read, and mistakes are told with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.callbacks.law import BadLaw, load_law

PACKS = sorted((Path(__file__).parents[4] / "config" / "law").glob("*.toml"))


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_our_packs_are_whole_and_name_their_sources(path):
    rules = load_law(path)
    assert rules[-1].region == "*"
    assert all(rule.weekly and rule.attempts >= 1 for rule in rules)
    assert all(0 <= first < last <= 1440 for rule in rules for _, first, last in rule.weekly)
    text = path.read_text(encoding="utf-8")
    assert "no legal advice" in text
    # Every rule has a comment of its own right above it.
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line == "[[rule]]":
            above = [near for near in lines[max(number - 2, 0) : number] if near]
            assert above[-1].startswith("#"), f"{path.name}, line {number + 1}"


def test_there_are_packs():
    assert {path.stem for path in PACKS} >= {"us", "europe", "greater_china"}


def test_france_rests_at_noon_and_on_weekends():
    rules = load_law(next(path for path in PACKS if path.stem == "europe"))
    france = next(rule for rule in rules if rule.region == "FR")
    assert (1, 600, 780) in france.weekly
    assert (1, 840, 1200) in france.weekly
    assert {day for day, _, _ in france.weekly} == {1, 2, 3, 4, 5}


def pack(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "law.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_span_over_midnight_is_two_of_one_day_each(tmp_path):
    path = pack(tmp_path, '[[rule]]\nregion = "XX"\nhours = ["sun 22:00-02:00", "mon 20:00-00:00"]')
    assert load_law(path)[0].weekly == ((1, 0, 120), (1, 1200, 1440), (7, 1320, 1440))


GOOD = '[[rule]]\nregion = "FR"\nhours = ["mon 10:00-12:00"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "list of"),
        ("rule = 3", "list of"),
        ("rule = []", "list of"),
        ("rule = [3]", "rule 1.*is a table"),
        (GOOD + "[more]\n", "nothing else"),
        ('[[rule]]\nregion = "fr"\nhours = ["mon 10:00-12:00"]', "rule 1.*region"),
        ('[[rule]]\nhours = ["mon 10:00-12:00"]', "rule 1.*region"),
        ('[[rule]]\nregion = "FR"', "FR needs hours"),
        ('[[rule]]\nregion = "FR"\nhours = "mon 10:00-12:00"', "list of texts"),
        ('[[rule]]\nregion = "FR"\nhours = ["mon 25:00-26:00"]', "rule 1.*25:00"),
        (GOOD + 'holidays = ["yesterday"]', "2027-12-25"),
        (GOOD + "attempts = 0", "from 1 on"),
        (GOOD + "attempts = true", "from 1 on"),
        (GOOD + "attempt = 2", "did you mean attempts"),
        (GOOD + GOOD, "rule 2.*FR has a rule already"),
        (GOOD + "[", "not valid TOML"),
        (b"\xff\xfe", "not UTF-8"),
        ("a=" + "[" * 100_000, "not valid TOML"),
        ("#" * 1_000_001, "longer than"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path, text, said):
    path = pack(tmp_path, text)
    with pytest.raises(BadLaw, match=f"(?s){said}") as refused:
        load_law(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadLaw, match="cannot be read"):
        load_law(tmp_path / "none.toml")
