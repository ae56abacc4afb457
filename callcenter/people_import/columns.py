"""The columns of a people file: their names, and what their cells mean. Pure.

Says what is wrong with a header or a line in words for whoever made the file. Must not know other
lines or other people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from callcenter.store.imports import ImportedLine

from .cells import PHONES, READERS, LineError, Normalise, clean, money, person_id, points


class PeopleFileError(Exception):
    """The file as a whole cannot be imported; the message says why and what to do."""


REJECTED_LINE, REJECTED_REASON = "rejected_line", "rejected_reason"
"""Columns of the list of rejected lines; ignored when that list, corrected, is imported."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("person_id", "customer_id", "客户编号"),
    "name": ("full_name", "customer_name", "姓名"),
    "phone": ("phones", "number", "phone_number", "telephone", "tel", "电话"),
    "phone_mobile": ("mobile", "mobile_phone", "cell", "手机"),
    "phone_home": ("home_phone",),
    "phone_work": ("work_phone", "business_phone", "office_phone"),
    "email": ("emails", "e_mail", "mail", "邮箱"),
    "account": ("accounts", "account_number", "account_no", "账号"),
    "tier": ("class", "level"),
    "language": ("lang", "locale", "语言"),
    "city": ("town", "城市"),
    "birth": ("birth_date", "birthday", "date_of_birth", "dob", "生日"),
    "since": ("customer_since", "member_since"),
    "segment": (),
    "products": ("product",),
    "lifetime_value": ("ltv", "value"),
    "currency": (),
    "preferred_channel": ("channel",),
    "preferred_time": (),
    "consent_marketing": ("marketing_consent", "marketing"),
    "consent_recording": ("recording_consent", "recording"),
    "predict": ("prediction", "prediction_consent"),
    "note": ("notes", "remark", "备注"),
}
COLUMNS = tuple(_ALIASES)

_CANONICAL = {alias: name for name, aliases in _ALIASES.items() for alias in (name, *aliases)}


@dataclass(frozen=True, slots=True)
class Header:
    """Which columns a file has, in its order; ``None`` for one that is ignored."""

    names: tuple[str | None, ...]
    titles: tuple[str, ...]
    """As the file writes them."""

    def line(self, number: int, cells: Sequence[str], normalise: Normalise) -> ImportedLine:
        """What a line says about a person. Raises ``LineError``."""
        if len(cells) != len(self.names):
            raise LineError(f"{len(cells)} cells where the header has {len(self.names)} columns")
        values = {
            name: clean(name, cell)
            for name, cell in zip(self.names, cells, strict=True)
            if name is not None
        }
        return person_line(number, values, normalise)

    def kept(self, cells: Sequence[str]) -> Sequence[str]:
        """The cells without those of ignored columns, as the list of rejected lines has them."""
        if len(cells) != len(self.names):
            return cells
        return [cell for cell, name in zip(cells, self.names, strict=True) if name]


def person_line(
    number: int,
    values: Mapping[str, str],
    normalise: Normalise,
    happenings: Sequence[Mapping[str, Any]] = (),
    pages: Sequence[Mapping[str, Any]] = (),
) -> ImportedLine:
    """A person of these cells, by name of the column. Raises ``LineError``."""
    columns = {name: read(name, values[name]) for name, read in READERS.items() if name in values}
    if "currency" in values:
        columns.update(money(values))
    who, found = person_id(values.get("id", "")), points(values, normalise)
    if who is None and not any(found.values()):
        raise LineError("no id, phone, email or account: nobody could ever find this person")
    return ImportedLine(
        line=number, id=who, columns=columns, points=found, happenings=happenings, pages=pages
    )


def read_name(title: str) -> str | None:
    """The column a title or key stands for; ``None``: none."""
    return _CANONICAL.get(_plain(title))


def near(title: str, others: Sequence[str] = ()) -> str:
    """Which one may have been meant, in words."""
    names = {**_CANONICAL, **{other: other for other in others}}
    close = get_close_matches(_plain(title), names, n=1, cutoff=0.7)
    return f" (did you mean {names[close[0]]}?)" if close else ""


def _plain(title: str) -> str:
    return re.sub(r"[\s_-]+", "_", title.strip().casefold())


def read_header(titles: Sequence[str]) -> Header:
    """Raises ``PeopleFileError`` naming every column that is wrong, and what is allowed."""
    names: list[str | None] = []
    wrong: list[str] = []
    for title in titles:
        name = read_name(title)
        if name is None and _plain(title) not in (REJECTED_LINE, REJECTED_REASON):
            wrong.append(f"unknown column {title.strip()[:60]!r}{near(title)}")
        elif name is not None and name in names:
            wrong.append(f"column {name} is there twice")
        names.append(name)
    if "name" not in names:
        wrong.append("column name is missing")
    if not any(name in names for name in ("id", *PHONES, "email", "account")):
        wrong.append("one of the columns id, phone, email, account is needed")
    if "lifetime_value" in names and "currency" not in names:
        wrong.append("lifetime_value needs the column currency")
    if wrong:
        raise PeopleFileError("; ".join(wrong) + f". Allowed are: {', '.join(COLUMNS)}")
    return Header(tuple(names), tuple(titles))
