"""What a load has to say about the rows it was given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one place of a file."""

    file: str
    line: int | None  # where the record begins; none when it is about the file as a whole
    field: str | None
    reason: str
    customer: str | None = None
    warning: bool = False  # told, and loaded all the same

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        subject = "" if self.field is None else f"{self.field} "
        return f"{place}: {subject}{self.reason}"


class Stop(Exception):
    """Nothing can be loaded, or no more; caught at the door of this folder and handed out as `Stopped`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(*map(str, self.problems))
