"""From records to the rows that are staged: the good with their values, the bad with their faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import orjson

from feed.columns import Entity, Reader
from feed.kinds import Unfit, Value
from feed.records import Break, Record
from feed.rules import RULES, Fault, Misfits

Row: TypeAlias = tuple[Value, ...]  # line, id, faults, the columns of the format, the derived ones


class Checker:
    """Checks the records of one file. A bad row keeps the cells that say whose it is, and which row it is."""

    def __init__(self, entity: Entity, header: Sequence[str], new_id: Callable[[], int]) -> None:
        self._entity = entity
        self._header = header
        self._new_id = new_id
        readers = {column.name: Reader(column) for column in entity.columns}
        self._readers = [readers[name] for name in header]
        self._order = [header.index(name) for name in entity.header]
        self._in_order = self._order == list(range(len(header)))
        self._rule = RULES[entity.name]
        self._no_derived = (None,) * len(entity.derived)
        self._kept_of_bad = {"customer", "contract", entity.key}

    def rows(self, records: Iterable[Record]) -> list[Row]:
        """One row for each record, good or bad."""
        readers, rule, new_id, rows = self._readers, self._rule, self._new_id, []
        for line, cells, broken in records:
            try:
                values = [reader[cell] for reader, cell in zip(readers, cells, strict=True)]
                if broken:
                    raise ValueError(broken)
                if not self._in_order:
                    values = [values[at] for at in self._order]
                derived = rule(values)
            except Misfits as misfits:
                rows.append(self._bad(line, values, misfits.faults))
            except ValueError:
                rows.append(self._bad(line, *self._diagnosed(cells, broken)))
            else:
                rows.append((line, new_id(), None, *values, *derived))
        return rows

    def _diagnosed(self, cells: list[str], broken: Break | None) -> tuple[list[Value], list[Fault]]:
        values: dict[str, Value] = {}
        faults: list[Fault] = []
        for name, reader, cell in zip(self._header, self._readers, cells, strict=False):
            try:
                values[name] = reader[cell]
            except Unfit as unfit:
                faults.append((name, str(unfit)))
        if broken:
            at, how = broken
            faults = [(self._header[at] if at < len(self._header) else "", how)]
        elif len(cells) != len(self._header):
            faults = [("", f"has {len(cells)} cells, the header names {len(self._header)} columns")]
        return [values.get(name) for name in self._entity.header], faults

    def _bad(self, line: int, values: Sequence[Any], faults: list[Fault]) -> Row:
        names = self._entity.header
        kept = (
            value if name in self._kept_of_bad else None for name, value in zip(names, values, strict=True)
        )
        return (line, self._new_id(), orjson.dumps(faults).decode(), *kept, *self._no_derived)
