"""Records of a CSV file (RFC 4180), each with the line it begins on.

A quote left open spoils its own line only: a record that goes on over the line end must have as many cells as
the header, and none of its other lines may look like a record, so that no row can hide inside another one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from feed.columns import quoted
from feed.files import LINE_LENGTH_MAX, Lines, Source
from feed.problems import Problem, Stop

RECORD_LINES_MAX = 20

Break: TypeAlias = tuple[int, str]  # which cell breaks the line, and how
Record: TypeAlias = tuple[int, list[str], Break | None]  # the line, and the cells as far as they can be told

_MARKS = {";": "semicolons", "\t": "tabs", "|": "bars", "\r": "carriage returns"}
_CELL = re.compile(r'(?:"(?:[^"]|"")*"|[^",][^,]*|)(?=,|$)')
_CLOSED = re.compile(r'"(?:[^"]|"")*"')


class Records:
    """The header of a file, and its records in lists of a few thousand."""

    def __init__(self, source: Source, lines: Lines) -> None:
        self._source = source
        try:
            self._blocks = _with_last(lines)
            self._begun, self._is_last = next(self._blocks, ("\n", True))
        except ValueError as error:
            raise Stop([source.problem(f"{error}: the feed is UTF-8 text", 1)]) from error
        first, _, self._begun = self._begun.partition("\n")
        self.header = _header(source, first)

    def __iter__(self) -> Iterator[list[Record]]:
        number, width = 2, len(self.header)
        text, is_last = self._begun, self._is_last
        while True:
            lines = text.split("\n")
            del lines[-1]
            found, used = _records(lines, number, width, is_last)
            yield found
            number += used
            if is_last:
                return
            carried = "".join(line + "\n" for line in lines[used:])
            text, is_last = next(self._blocks)
            text = carried + text


def _with_last(texts: Iterable[str]) -> Iterator[tuple[str, bool]]:
    previous = None
    for text in texts:
        if previous is not None:
            yield previous, False
        previous = text
    if previous is not None:
        yield previous, True


def _records(lines: list[str], number: int, width: int, is_last: bool) -> tuple[list[Record], int]:
    """The records of some lines, and how many lines they take: an open quote at the end waits for more."""
    found: list[Record] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if '"' not in line and len(line) <= LINE_LENGTH_MAX:
            if line:
                found.append((number + at, line.split(","), None))
            at += 1
            continue
        cells, used = _quoted(lines[at : at + RECORD_LINES_MAX], width)
        if cells is None and not is_last and at and len(lines) - at < RECORD_LINES_MAX:
            break
        found.append((number + at, cells, None) if cells is not None else (number + at, *_broken(line)))
        at += used
    return found, at


def _quoted(lines: list[str], width: int) -> tuple[list[str] | None, int]:
    """The cells of a record with quotes, and the lines it takes. None when the first line is broken."""
    if len(lines[0]) > LINE_LENGTH_MAX:
        return None, 1
    rows = csv.reader((line + "\n" for line in lines), strict=True)
    try:
        cells = next(rows)
    except csv.Error:
        return None, 1
    used = rows.line_num
    if used > 1 and (len(cells) != width or any(line.count(",") >= width - 1 for line in lines[1:used])):
        return None, 1
    return cells, used


def _broken(line: str) -> tuple[list[str], Break]:
    """What is wrong with a line, and its cells as if there were no quotes: they may tell whose it is."""
    cells = line.replace('"', "").split(",")
    if len(line) > LINE_LENGTH_MAX:
        longest = max(range(len(cells)), key=lambda at: len(cells[at]))
        return cells, (longest, f"makes a line of more than {LINE_LENGTH_MAX:,} characters")
    if "\r" in line:
        return cells, (next(at for at, cell in enumerate(cells) if "\r" in cell), "holds a carriage return")
    at = sound = 0
    while at <= len(line) and (found := _CELL.match(line, at)):
        at = found.end() + 1
        sound += 1
    closed = _CLOSED.match(line, at)
    how = "goes on after its closing quote" if closed else "opens a quote that its line does not close"
    return cells, (sound, how)


def _header(source: Source, line: str) -> list[str]:
    if not line:
        raise Stop([source.problem("is empty: its first line must name the columns", 1)])
    try:
        names = [name.strip() for name in next(csv.reader([line]))]
    except csv.Error:  # a cell too long, or carriage returns
        names = [line]
    if problems := list(_header_problems(source, names, source.entity.header)):
        raise Stop(problems)
    return names


def _header_problems(source: Source, names: list[str], expected: list[str]) -> Iterator[Problem]:
    if len(names) == 1 and (divided_by := next((_MARKS[mark] for mark in _MARKS if mark in names[0]), None)):
        words = f"is divided by {divided_by}: a comma ends a cell, a line feed a line"
        yield source.problem(words, 1)
        return
    for name in dict.fromkeys(names):
        if name not in expected:
            yield source.problem(f"is no column of {source.entity.file}", 1, quoted(name))
        elif names.count(name) > 1:
            yield source.problem("is named twice", 1, name)
    for name in expected:
        if name not in names:
            yield source.problem("is missing from the header", 1, name)
