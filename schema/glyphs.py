"""The ten digits drawn as strokes: an image says its digit to an eye, not in its text, name or order."""

from __future__ import annotations

import base64
from collections.abc import Mapping

# Strokes on a grid 20 wide and 32 high.
_STROKES = {
    "0": "M10 4c-4.4 0-6 5-6 12s1.6 12 6 12 6-5 6-12-1.6-12-6-12z",
    "1": "M5 9l6-5v24M5 28h12",
    "2": "M4 10c0-4 3-6 6-6s6 2 6 6c0 5-12 11-12 18h12",
    "3": (
        "M4 7c1-2 3-3 6-3 3.5 0 6 2 6 5.5S13 15 10 15c3.5 0 6.5 2.5 6.5 6.5S13.5 28 10 28c-3 0-5.5-1.5-6.5-4"
    ),
    "4": "M13 28V4L3 21h14",
    "5": "M15 4H6L5 15c1.5-1.5 3-2 5-2 4 0 6.5 3 6.5 7.5S13.5 28 9.5 28c-2.5 0-4.5-1-5.5-3",
    "6": "M15 5C8 6 4 12 4 20c0 5 2.5 8 6 8s6-3 6-7-2.5-7-6-7-5 2-6 5",
    "7": "M4 4h13L8 28",
    "8": (
        "M10 15c-3 0-5-2-5-5.5S7 4 10 4s5 2 5 5.5S13 15 10 15"
        "c-3.5 0-6 2.5-6 6.5S6.5 28 10 28s6-2.5 6-6.5S13.5 15 10 15z"
    ),
    "9": "M16 13c-1 3-3 5-6 5-3.5 0-6-3-6-7s2.5-7 6-7 6 3 6 8c0 8-4 14-11 15",
}


def _image(strokes: str) -> str:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 32"><path fill="none" stroke="#1b2430" '
        f'stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" d="{strokes}"/></svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


GLYPHS: Mapping[str, str] = {digit: _image(strokes) for digit, strokes in _STROKES.items()}
