"""The files of a feed: which there are, and their bytes as text of whole lines, in bounded memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, cast

from feed.columns import Entity
from feed.format import BY_NAME, ENTITIES
from feed.problems import Problem, Stop

REPORT_NAME = "feed-report.csv"
BLOCK_BYTES = 64 * 1024
LINE_LENGTH_MAX = 131_072
_LINE_BYTES_MAX = 4 * LINE_LENGTH_MAX  # UTF-8 takes at most four bytes for a character
_MARKS = {
    b"\xff\xfe": "is UTF-16",
    b"\xfe\xff": "is UTF-16",
    b"\x1f\x8b": "is compressed, so its name must end in .gz",
}
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Source:
    """One file of the feed."""

    path: Path
    entity: Entity

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return self.path.stat().st_size

    def problem(self, reason: str, line: int | None = None, field: str | None = None) -> Problem:
        return Problem(self.name, line, field, reason)


def sources(directory: Path, report: Path) -> list[Source]:
    """The files of a directory in the order they are loaded. A misspelt name is a problem, not an absence."""
    try:
        names = sorted(path.name for path in directory.iterdir() if path.name.endswith((".csv", ".csv.gz")))
    except OSError as error:
        raise Stop([Problem(str(directory), None, None, f"cannot be read: {error.strerror}")]) from error
    found = [
        Source(directory / name, entity) for entity in ENTITIES for name in _names(entity) if name in names
    ]
    if problems := list(_problems(directory, names, found, report)):
        raise Stop(problems)
    return found


def _names(entity: Entity) -> tuple[str, str]:
    return entity.file, f"{entity.file}.gz"


def _problems(directory: Path, names: list[str], found: list[Source], report: Path) -> Iterator[Problem]:
    expected = {source.name for source in found}
    reports = {(directory / REPORT_NAME).absolute(), report.absolute()}
    strays = [n for n in names if n not in expected and (directory / n).absolute() not in reports]
    for name in strays:
        files = ", ".join(BY_NAME)
        yield Problem(name, None, None, f"is no file of the feed, which are {files} (.csv or .csv.gz)")
    for plain, other in pairwise(found):
        if plain.entity is other.entity:
            yield other.problem(f"stands beside {plain.name}: keep one")
    if not (found or strays):
        yield Problem(str(directory), None, None, f"holds no file of the feed, such as {ENTITIES[0].file}")


class Lines:
    """An open file, as blocks of text that end where a line ends. Bytes that are not UTF-8 stay visible."""

    def __init__(self, raw: BinaryIO, stream: BinaryIO) -> None:
        self._raw = raw
        self._stream = stream

    @property
    def bytes_read(self) -> int:
        """How far into the file on the disk."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[str]:
        rest = self._opening()
        while block := self._stream.read(BLOCK_BYTES):
            block = rest + block
            end = block.rfind(b"\n") + 1
            if end:
                yield _text(block[:end])
            # What is cut off a line too long is not needed to refuse it.
            rest = block[end : end + _LINE_BYTES_MAX + 1]
        if rest:
            yield _text(rest + b"\n")

    def _opening(self) -> bytes:
        head = self._stream.read(BLOCK_BYTES)
        for mark, reason in _MARKS.items():
            if head.startswith(mark):
                raise ValueError(reason)
        return head.removeprefix(_BOM)


def _text(block: bytes) -> str:
    text = block.decode("utf-8", "surrogateescape")
    return text.replace("\r\n", "\n") if "\r\n" in text else text


@contextmanager
def opened(source: Source) -> Iterator[Lines]:
    """The file's lines; whatever keeps them from being read to the end stops the load."""
    try:
        with source.path.open("rb") as raw:
            stream = gzip.GzipFile(fileobj=raw) if source.name.endswith(".gz") else raw
            yield Lines(raw, cast(BinaryIO, stream))
    except EOFError as error:
        raise Stop([source.problem("ends in the middle of its compressed data: rows are missing")]) from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise Stop([source.problem(f"is not sound gzip: {error}")]) from error
    except OSError as error:
        raise Stop([source.problem(f"cannot be read: {error.strerror or error}")]) from error
