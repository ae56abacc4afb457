"""HTML out of templates in which everything filled in is escaped, unless it is HTML already. Pure.

``fill`` is the only way to make ``Html`` out of text, so a page can hold nothing unescaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from string import Template
from typing import Final

_CONTROLS: Final = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}
_TURNS: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Characters that turn the text around them."""
_DROPPED: Final = _CONTROLS | _TURNS


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def clean(text: str) -> str:
    """Without control characters (line breaks and tabs stay), lone surrogates and turns."""
    if text.isascii() and text.isprintable():
        return text  # nearly all are
    return text.translate(_DROPPED).encode("utf-8", "ignore").decode()


def fill(template: str, /, **values: str | int) -> Html:
    """The template with its ``$names`` filled in. Raises ``KeyError`` where one is missing.

    The template is the program's own text, never a visitor's.
    """
    return Html(Template(template).substitute({k: _safe(v) for k, v in values.items()}))


def joined(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def attribute(name: str, value: str | bool) -> Html:
    """`` name="value"`` with the space before it; nothing for ``False``, the name for ``True``."""
    if value is False:
        return Html("")
    if value is True:
        return fill(" $name", name=name)
    return fill(' $name="$value"', name=name, value=value)


def _safe(value: str | int) -> str:
    return value if isinstance(value, Html) else escape(clean(str(value)), quote=True)
