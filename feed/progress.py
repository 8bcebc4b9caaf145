"""How far a load has come, told to whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called a few times a second at most; what it does must be short."""

    def reading(self, file: str, bytes_read: int, bytes_total: int) -> None:
        """Bytes read of one file (as it lies on the disk, compressed or not)."""

    def checking(self) -> None:
        """All files are read; rows are being compared with each other and with the database."""

    def merging(self, customers_done: int, customers_total: int) -> None:
        """Customers written, of those without a bad row."""


class Silence:
    """Nobody watches."""

    def reading(self, file: str, bytes_read: int, bytes_total: int) -> None:
        pass

    def checking(self) -> None:
        pass

    def merging(self, customers_done: int, customers_total: int) -> None:
        pass


SILENCE = Silence()
