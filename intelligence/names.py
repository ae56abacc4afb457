"""Whether two names may belong to one person. Pure.

A caller name comes from the telephone network: upper case, cut at 15 characters, family name first
or last, or the name of whoever pays for the line. It is text of a stranger and is only compared.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, TypeAlias

Likeness: TypeAlias = Literal["same", "initials", "family", "different", "not_comparable"]

LONGEST = 80
MOST_WORDS = 6
CNAM_LENGTH = 15
"""Networks in North America and many exchanges cut a caller name here."""

_HONORIFICS = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "sir", "herr", "frau"})
_HAN_HONORIFICS = ("先生", "女士", "小姐", "太太", "經理", "经理")
_NOT_NAMES = frozenset(
    {
        "anonymous", "asterisk", "cell", "cellphone", "international", "mobile", "private",
        "restricted", "unavailable", "unknown", "wireless", "caller", "withheld",
    }
)  # fmt: skip
# The simplified form of family names and frequent given-name characters, so that one person written
# in both scripts compares equal. Only pairs that are one to one in names.
_SIMPLIFIED = str.maketrans(
    "陳張劉楊黃趙吳孫馬羅鄭謝韓馮蕭許鄧蔣葉蘇呂盧譚鐘鍾陸萬錢湯賴龔賀顧龍錦華國偉強軍慶麗貞靜鳳蘭蓮瓊瑩潔嫻儀歡"
    "寧寶貴榮雲東傑銘澤維達遠輝豐賢曉學義業燁瑋穎詩憶夢紅艷齊",
    "陈张刘杨黄赵吴孙马罗郑谢韩冯萧许邓蒋叶苏吕卢谭钟钟陆万钱汤赖龚贺顾龙锦华国伟强军庆丽贞静凤兰莲琼莹洁娴仪欢"
    "宁宝贵荣云东杰铭泽维达远辉丰贤晓学义业烨玮颖诗忆梦红艳齐",
)
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_NOT_WORD = re.compile(r"[^\w]+")
# The commonest family names of two characters; every other Chinese family name has one.
_TWO_CHARACTER = frozenset({"欧阳", "歐陽", "司马", "司徒", "上官", "诸葛", "諸葛", "夏侯"})


def words(name: str) -> tuple[str, ...]:
    """The parts of a name that are compared: lower case, without accents, marks and titles."""
    text = unicodedata.normalize("NFKD", name[:LONGEST]).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    for mark in ("'", "’", "ʼ"):
        text = text.replace(mark, "")
    for title in _HAN_HONORIFICS:
        text = text.removesuffix(title)
    text = text.translate(_SIMPLIFIED)
    found = [word for word in _NOT_WORD.split(text) if word and not word.isdigit()]
    return tuple(word for word in found if word not in _HONORIFICS)[:MOST_WORDS]


def comparable(name: str | None) -> bool:
    """Whether a caller name says anything about a person."""
    return bool(name) and any(word not in _NOT_NAMES for word in words(name or ""))


def likeness(caller: str, person: str) -> Likeness:
    """How well a caller name fits the name of a person, in any order of family and given names.

    ``initials``: the family name and the first letter of the given name. ``family``: one name in
    common. Names in different scripts (王小明, Wang Xiaoming) are not comparable here.
    """
    if not comparable(caller) or not comparable(person):
        return "not_comparable"
    ours, theirs = words(person), words(caller)
    han = [bool(_HAN.search("".join(side))) for side in (ours, theirs)]
    if han[0] != han[1]:
        return "not_comparable"
    forms, given = _rotations(ours), _rotations(theirs)
    if forms & given:
        return "same"
    cut = "".join(theirs)
    if len(caller.strip()) >= CNAM_LENGTH and any(form.startswith(cut) for form in forms):
        return "same"
    if all(han):
        return "family" if _han_family(ours) == _han_family(theirs) else "different"
    common = set(ours) & set(theirs)
    if any(len(word) > 1 for word in common):
        rest_ours = [word[0] for word in ours if word not in common]
        rest_theirs = [word for word in theirs if word not in common]
        if rest_theirs and all(len(w) == 1 and w in rest_ours for w in rest_theirs):
            return "initials"
        return "family"
    return "different"


def _rotations(parts: tuple[str, ...]) -> set[str]:
    """The name written together, beginning at each of its words: ``wangxiaoming``, ``xiaoming…``.

    Two words cover "given family" and "family given"; rotating also joins ``Xiao Ming`` with
    ``Xiaoming``.
    """
    turned = {"".join(parts[i:] + parts[:i]) for i in range(len(parts))}
    # "Jean Luc Picard" and "Picard Luc Jean": the reversed order is not a rotation.
    turned.add("".join(reversed(parts)))
    return turned


def _han_family(parts: tuple[str, ...]) -> str:
    first = parts[0]
    return first[:2] if first[:2] in _TWO_CHARACTER else first[:1]
