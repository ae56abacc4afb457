"""Made-up telephone numbers of five countries, and the ways a network may show them.

Where a country keeps ranges for fiction they come first (Ofcom's 0xxx ranges for the UK, the
Bundesnetzagentur's for Germany, 555-01xx in North America). China, Taiwan and Hong Kong keep none,
nor enough mobiles in the UK; those numbers are of valid shape and drawn at random.
"""

from __future__ import annotations

from random import Random

# Prefix in E.164 and how many further digits follow.
_FIXED = {
    "GB": (
        ("+44207946", 4, 0), ("+44113496", 4, 0), ("+44114496", 4, 0), ("+44116496", 4, 0),
        ("+44117496", 4, 0), ("+44118496", 4, 0), ("+44121496", 4, 0), ("+44131496", 4, 0),
        ("+44141496", 4, 0), ("+44151496", 4, 0), ("+44161496", 4, 0), ("+44191498", 4, 0),
    ),
    "DE": (("+493023125", 3, None), ("+496990009", 3, None), ("+494066969", 3, None),
           ("+492214710", 3, None), ("+498999998", 3, None)),
    "US": (("+121255501", 2, None), ("+141555501", 2, None), ("+131255501", 2, None),
           ("+120655501", 2, None), ("+160455501", 2, None)),
    "CN": (("+86106", 7, None), ("+86216", 7, None), ("+86755", 8, 8)),
    "TW": (("+88622", 7, None), ("+88642", 7, None)),
    "HK": (("+8522", 7, None), ("+8523", 7, 5)),
}  # fmt: skip
_MOBILE = {
    "GB": (("+4474", 8, None), ("+4478", 8, None)),
    "DE": (("+49152", 8, 2), ("+49160", 7, None)),
    "US": tuple((f"+1{area}55501", 2, None) for area in (
        201, 202, 203, 205, 206, 207, 208, 209, 212, 213, 214, 215, 216, 217, 218, 219, 301, 302,
        303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 401, 402, 404,
        405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 416, 417, 419, 501, 502, 503, 504, 505,
    )),
    "CN": (("+86138", 8, None), ("+86139", 8, None), ("+86159", 8, None)),
    "TW": (("+8869", 8, None),),
    "HK": (("+8529", 7, 1), ("+8526", 7, 1)),
}  # fmt: skip


class NumberPool:
    """Draws numbers that were not drawn before."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._drawn: set[str] = set()

    def fixed(self, region: str) -> str:
        return self._draw(_FIXED[region])

    def mobile(self, region: str) -> str:
        return self._draw(_MOBILE[region])

    def _draw(self, ranges: tuple[tuple[str, int, int | None], ...]) -> str:
        """A new number of these ranges. Small ranges run dry: then one is shared after all."""
        number = ""
        for _ in range(200):
            prefix, digits, first = self._rng.choice(ranges)
            number = prefix + "".join(
                str(first if place == 0 and first is not None else self._rng.randrange(10))
                for place in range(digits)
            )
            if number not in self._drawn:
                self._drawn.add(number)
                break
        return number


def network_form(rng: Random, number: str, home: str = "+44") -> str:
    """How an exchange in the ``home`` country is likely to report an E.164 number."""
    drawn = rng.random()
    if number.startswith(home):
        if drawn < 0.5:
            return "0" + number[len(home) :]
        return number if drawn < 0.85 else number[1:]
    if drawn < 0.6:
        return number
    return "00" + number[1:] if drawn < 0.85 else number[1:]
