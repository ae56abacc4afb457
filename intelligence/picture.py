"""Reliability as a picture: an SVG file that any browser shows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from .measures import Bin

SIDE: Final = 400
MARGIN: Final = 50
BARS: Final = 60
"""Height of the histogram below, pixels."""


def reliability_svg(title: str, bins: Sequence[Bin]) -> str:
    """How often the first reason was the one (up), by the probability it had (across).

    On the diagonal probabilities are true; below it the model promises too much. The bars below
    show how many calls there are. ``title`` may hold anything.
    """

    def x(p: float) -> float:
        return MARGIN + SIDE * p

    def y(share: float) -> float:
        return MARGIN + SIDE * (1.0 - share)

    most = max((one.n for one in bins), default=1)
    bottom = MARGIN + SIDE + 40 + BARS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE + 2 * MARGIN} {bottom + 20}"'
        ' font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{MARGIN}" y="25" font-size="15">{escape(title)}</text>',
    ]
    for step in range(0, 11, 2):
        p = step / 10
        parts += [
            f'<line x1="{x(p):.1f}" y1="{y(0):.1f}" x2="{x(p):.1f}" y2="{y(1):.1f}"'
            ' stroke="#ddd"/>',
            f'<line x1="{x(0):.1f}" y1="{y(p):.1f}" x2="{x(1):.1f}" y2="{y(p):.1f}"'
            ' stroke="#ddd"/>',
            f'<text x="{x(p):.1f}" y="{y(0) + 16:.1f}" text-anchor="middle">{10 * step} %</text>',
            f'<text x="{x(0) - 6:.1f}" y="{y(p) + 4:.1f}" text-anchor="end">{10 * step} %</text>',
        ]
    parts.append(
        f'<line x1="{x(0):.1f}" y1="{y(0):.1f}" x2="{x(1):.1f}" y2="{y(1):.1f}" stroke="#888"'
        ' stroke-dasharray="4 3"/>'
    )
    points = " ".join(f"{x(one.p):.1f},{y(one.share):.1f}" for one in bins)
    parts.append(f'<polyline points="{points}" fill="none" stroke="#0b63b0" stroke-width="2"/>')
    for one in bins:
        height = BARS * one.n / most
        parts += [
            f'<circle cx="{x(one.p):.1f}" cy="{y(one.share):.1f}" r="4" fill="#0b63b0">'
            f"<title>said {one.p:.1%}, was {one.share:.1%}, {one.n} calls</title></circle>",
            f'<rect x="{x(one.p) - 6:.1f}" y="{bottom - height:.1f}" width="12"'
            f' height="{height:.1f}" fill="#9bbfdd"/>',
        ]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
