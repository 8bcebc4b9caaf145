"""The SQL that takes rows from the staging tables to the tables, made from the format.

A batch is a range of `ready.ordinal`, a number for each customer whose rows are all good. Each entity is
updated where its row differs, then inserted where it is missing; parents come first, and are found again in
the tables by what the lender calls them. Joins are written in the order in which they should be walked: from
the batch to its rows, by index.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from feed.columns import Entity
from feed.crossing import position
from feed.format import BY_NAME, CONTRACTS, CUSTOMERS, STATEMENTS
from feed.staging import FOUND, stage

READY = """
    SELECT customer_id, reference, is_new, row_number() OVER (ORDER BY customer_id) AS ordinal,
        CAST(sum(records) OVER (ORDER BY customer_id) AS BIGINT) AS records_so_far
    FROM people WHERE refused = 0
"""

_ALIASES = {"contracts": "c", "statements": "st", "cards": "k"}


def within(first: int, last: int) -> str:
    """The customers of a batch."""
    return f"r.ordinal BETWEEN {first} AND {last}"


class Merge:
    """The statements that merge one entity: `r` is ready, `s` staged, `t` the table."""

    def __init__(self, entity: Entity, now: datetime, differ: str) -> None:
        self.entity = entity
        self._differ = differ
        self._now = now
        self._source, self._joined = _source(entity)
        self._key = _key(entity)
        parents = {parent.to: f"{_ALIASES[parent.entity]}.id" for parent in entity.parents}
        self._values = {**parents, **{column: f"s.{source.name}" for column, source in entity.kept.items()}}
        self._columns = entity.model._meta.fields_db_projection

    def update(self, first: int, last: int) -> str:
        """Change the rows of the batch that are there and differ."""
        same = " AND ".join(f"t.{column} = {value}" for column, value in self._key.items())
        return f"""
            UPDATE {self.entity.table} AS t SET {", ".join(self._assignments())}
            FROM {self._source}
            WHERE {within(first, last)} AND r.is_new = 0 AND {self._joined} AND {same} AND {self._changed()}
        """

    def insert(self, first: int, last: int) -> str:
        """Add the rows of the batch that are missing."""
        values = {**self._identity(), **self._values, **self._constants()}
        unless = f"ON CONFLICT ({', '.join(self._key)}) DO NOTHING"
        if self.entity is CUSTOMERS:
            unless = "AND r.is_new = 1"
        return f"""
            INSERT INTO {self.entity.table} ({", ".join(values)}) SELECT {", ".join(values.values())}
            FROM {self._source} WHERE {within(first, last)} AND {self._joined} {unless}
        """

    def _identity(self) -> dict[str, str]:
        if self.entity is CUSTOMERS:
            return {"id": "r.customer_id"}
        return {"customer_id": "r.customer_id", "id": "s.id"}

    def _constants(self) -> dict[str, str]:
        given = {"version": "1", "created_at": f"'{self._now.isoformat(' ')}'"}
        return {column: value for column, value in given.items() if column in self._columns}

    def _changed(self) -> str:
        if "fed_digest" in self._values:
            return f"t.fed_digest {self._differ} s.fed_digest"
        ours = ", ".join(f"t.{column}" for column in self._values)
        return f"({ours}) {self._differ} ({', '.join(self._values.values())})"

    def _assignments(self) -> Iterator[str]:
        """Values of the feed, save what the lender left alone since last time: the customer's own stand."""
        for column, value in self._values.items():
            source = self.entity.kept.get(column)
            if source is None or source.edited_as is None:
                yield f"{column} = {value}"
                continue
            untouched = _untouched(self.entity, source.edited_as)
            yield f"{column} = CASE WHEN {untouched} THEN t.{column} ELSE {value} END"
            if (verified_at := f"{column}_verified_at") in self._columns:
                same = f"{untouched} OR t.{column} = {value}"
                yield f"{verified_at} = CASE WHEN {same} THEN t.{verified_at} END"
            if column == "phone":
                # The number is new here as well: it cannot recover a code at once.
                same = f"{untouched} OR t.phone IS NULL OR t.phone = {value}"
                changed_at = f"'{self._now.isoformat(' ')}'"
                yield f"phone_changed_at = CASE WHEN {same} THEN t.phone_changed_at ELSE {changed_at} END"
                yield f"former_phone = CASE WHEN {same} THEN t.former_phone ELSE t.phone END"
        if "version" in self._columns:
            yield "version = t.version + 1"


def _untouched(entity: Entity, edited_as: str) -> str:
    """Whether the lender's own value is the same as last time: that part of both digests agrees."""
    width = entity.digest_width
    part = f"{entity.edited.index(edited_as) * width + 1}, {width}"
    return f"substr(t.fed_digest, {part}) = substr(s.fed_digest, {part})"


def _key(entity: Entity) -> dict[str, str]:
    """The columns by which a row of the table is known, and their values."""
    if entity is CUSTOMERS:
        return {"id": "r.customer_id"}
    own = {str(entity.column(entity.key).to): f"s.{entity.key}"}
    if entity.name in ("contracts", "cards"):  # file numbers and card numbers are unique for the customer
        return {"customer_id": "r.customer_id", **own}
    return {"customer_id": "r.customer_id", "contract_id": "c.id", **own}


def _source(entity: Entity) -> tuple[str, str]:
    """The staged rows of a batch with their parents, and the conditions that join them."""
    tables = f"ready AS r CROSS JOIN {stage(entity)} AS s"
    joined = "s.customer = r.reference"
    for parent in entity.parents:
        of, alias = BY_NAME[parent.entity], _ALIASES[parent.entity]
        own = f"{alias}.customer_id = r.customer_id AND {alias}.{of.column(of.key).to} = s.{parent.column}"
        if of is CONTRACTS:
            tables += f" CROSS JOIN contract AS {alias}"
            joined += f" AND {own}"
        else:
            tables += f" LEFT JOIN {of.table} AS {alias} ON {own} AND {alias}.contract_id = c.id"
    return tables, joined


def new_references(first: int, last: int) -> str:
    """The lender's numbers of the batch's new customers."""
    return f"""
        INSERT INTO customer_reference (reference, customer_id)
        SELECT r.reference, r.customer_id FROM ready AS r WHERE {within(first, last)} AND r.is_new = 1
    """


def new_identifiers(first: int, last: int) -> str:
    """What the batch's customers may sign in with from now on."""
    return f"""
        INSERT INTO identifier (number, customer_id, contract_id)
        SELECT DISTINCT n.number, r.customer_id, c.id
        FROM ready AS r CROSS JOIN numbers AS n CROSS JOIN contract AS c
        WHERE {within(first, last)} AND n.customer = r.reference
            AND c.customer_id = r.customer_id AND c.file_number = n.contract
            AND NOT EXISTS (
                SELECT 1 FROM identifier AS i
                WHERE i.number = n.number AND i.customer_id = r.customer_id AND i.contract_id = c.id
            )
    """


def old_identifiers(first: int, last: int) -> str:
    """Numbers that no contract nor card of the batch's customers has any more."""
    return f"""
        DELETE FROM identifier
        WHERE customer_id IN (
                SELECT r.customer_id FROM ready AS r WHERE {within(first, last)} AND r.is_new = 0
            )
            AND NOT EXISTS (
                SELECT 1 FROM contract AS c
                WHERE c.customer_id = identifier.customer_id AND c.id = identifier.contract_id
                    AND identifier.number IN (c.file_number, c.account_number)
            )
            AND NOT EXISTS (
                SELECT 1 FROM card AS k
                WHERE k.customer_id = identifier.customer_id AND k.number = identifier.number
                    AND k.contract_id = identifier.contract_id
            )
    """


def news(first: int, last: int, drawn: tuple[int, int], place: int, now: datetime) -> str:
    """What the batch has added to customers who were here before, in the order of its days.

    The new rows are those whose ids this load has drawn; that the bounds name `r` changes nothing but the
    plan, which could look for ids without their customer. A customer's new news are numbered from `place` on,
    or from the newest there are where the clock of another machine was ahead.
    """
    came = " UNION ALL ".join(
        f"""
            SELECT t.customer_id, t.{day} AS day, {number} AS number, t.id, {columns}
            FROM ready AS r CROSS JOIN {table} AS t
            WHERE {within(first, last)} AND r.is_new = 0
                AND t.customer_id = r.customer_id
                AND t.id BETWEEN {drawn[0]} + r.is_new AND {drawn[1]} + r.is_new
        """
        for number, (table, day, columns) in enumerate(
            (
                ("operation", "occurred_on", "t.id AS operation_id, CAST(NULL AS BIGINT) AS statement_id"),
                ("statement", "closed_on", "NULL AS operation_id, t.id AS statement_id"),
            )
        )
    )
    newest = "(SELECT max(n.id) FROM news AS n WHERE n.customer_id = came.customer_id)"
    order = "PARTITION BY came.customer_id ORDER BY came.day, came.number, came.id"
    return f"""
        INSERT INTO news (customer_id, id, operation_id, statement_id, at)
        SELECT came.customer_id,
            CASE WHEN {newest} > {place} THEN {newest} ELSE {place} END + row_number() OVER ({order}),
            came.operation_id, came.statement_id, '{now.isoformat(" ")}'
        FROM ({came}) AS came
    """


def unbalanced(first: int, last: int) -> str:
    """Warnings of the batch's statements whose operations do not lead from one balance to the other."""
    return f"""
        INSERT INTO found ({", ".join(FOUND)})
        SELECT {position(STATEMENTS)}, max(line), max(customer), max(contract), 'closing_balance',
            'differs from opening balance and operations by ' || sum(cents) || ' cents', 1
        FROM (
            SELECT t.customer_id, t.id, t.closing_balance_cents - t.opening_balance_cents AS cents,
                s.line, s.customer, s.contract
            FROM ready AS r CROSS JOIN {stage(STATEMENTS)} AS s
            CROSS JOIN contract AS c CROSS JOIN statement AS t
            WHERE {within(first, last)} AND s.customer = r.reference
                AND c.customer_id = r.customer_id AND c.file_number = s.contract
                AND t.customer_id = r.customer_id AND t.contract_id = c.id AND t.number = s.number
            UNION ALL
            SELECT o.customer_id, o.statement_id, -o.amount_cents, NULL, NULL, NULL
            FROM ready AS r CROSS JOIN operation AS o
            WHERE {within(first, last)} AND o.customer_id = r.customer_id AND o.statement_id IS NOT NULL
        ) AS parts
        GROUP BY customer_id, id
        HAVING max(line) IS NOT NULL AND sum(cents) <> 0
    """
