"""Checks of rows against each other and against the database, each one statement over the staging tables.

Rows with faults of their own are compared too, so that a bad contract makes no strangers of its operations.
"""

from __future__ import annotations

from collections.abc import Iterator

from feed.columns import Entity, Parent
from feed.format import BY_NAME, CARDS, CONTRACTS, CUSTOMERS, ENTITIES, STATEMENTS
from feed.staging import FOUND, scope, stage
from feed.stores import Store

NUMBERS = ((CONTRACTS, "contract"), (CONTRACTS, "account_number"), (CARDS, "number"))


async def cross_check(store: Store) -> None:
    """Fill `people`, `numbers` and `found`, and refuse every customer one of whose rows is bad."""
    await store.create_as("people", _people())
    await store.index("people", "reference")
    await store.create_as("numbers", " UNION ALL ".join(_numbers()))
    await store.index("numbers", "number")
    await store.index("numbers", "customer")
    await store.settle("people", "numbers")
    for select in _findings():
        await store.run(f"INSERT INTO found ({', '.join(FOUND)}) {select}")
    await store.settle("found")
    for condition in _REFUSED:
        await store.run(f"UPDATE people SET refused = 1 WHERE {condition}")


def _people() -> str:
    counts = " UNION ALL ".join(
        f"SELECT customer, count(*) AS records FROM {stage(entity)} GROUP BY customer" for entity in ENTITIES
    )
    return f"""
        SELECT named.customer AS reference, coalesce(known.customer_id, fresh.id) AS customer_id,
            CASE WHEN known.customer_id IS NULL THEN 1 ELSE 0 END AS is_new, named.records, 0 AS refused
        FROM (SELECT customer, sum(records) AS records FROM ({counts}) AS counted
            WHERE customer IS NOT NULL GROUP BY customer) AS named
        LEFT JOIN customer_reference AS known ON known.reference = named.customer
        LEFT JOIN (SELECT customer, min(id) AS id FROM {stage(CUSTOMERS)} GROUP BY customer) AS fresh
            ON fresh.customer = named.customer
    """


def _numbers() -> Iterator[str]:
    for entity, column in NUMBERS:
        yield f"""
            SELECT {position(entity)} AS position, line, '{column}' AS field, {column} AS number,
                customer, contract
            FROM {stage(entity)}
            WHERE {column} IS NOT NULL AND customer IS NOT NULL AND contract IS NOT NULL
        """


def position(entity: Entity) -> int:
    """The place of the entity's file in reports."""
    return ENTITIES.index(entity)


def _findings() -> Iterator[str]:
    """Queries whose rows are those of `found`."""
    for entity in ENTITIES:
        yield _select(entity, "NULL", "s.faults") + "WHERE s.faults IS NOT NULL"
        yield _repeated(entity, scope(entity), f"names the same {entity.one} as line ")
        if entity is not CUSTOMERS:
            yield _of_nobody(entity)
        for parent in entity.parents:
            yield _orphans(entity, parent)
    yield _repeated(STATEMENTS, ("customer", "contract", "closed_on"), "is the same day as on line ")
    yield from (_DAY_TAKEN, _CURRENCY_CHANGED, _NUMBER_SHARED, _NUMBER_TAKEN)


def _select(entity: Entity, field: str, reason: str) -> str:
    contract = "s.contract" if entity is not CUSTOMERS else "NULL"
    return f"""
        SELECT {position(entity)}, s.line, s.customer, {contract}, {field}, {reason}, 0
        FROM {stage(entity)} AS s
    """


def _repeated(entity: Entity, columns: tuple[str, ...], reason: str) -> str:
    names = ", ".join(columns)
    same = " AND ".join(f"twice.{name} = s.{name}" for name in columns)
    other = "CASE WHEN s.line = twice.first THEN twice.last ELSE twice.first END"
    return f"""
        {_select(entity, f"'{columns[-1]}'", f"'{reason}' || {other}")}
        JOIN (
            SELECT {names}, min(line) AS first, max(line) AS last
            FROM {stage(entity)} GROUP BY {names} HAVING count(*) > 1
        ) AS twice ON {same}
    """


def _of_nobody(entity: Entity) -> str:
    return f"""
        {_select(entity, "'customer'", f"'is neither in {CUSTOMERS.file} nor in the database'")}
        JOIN people AS p ON p.reference = s.customer WHERE p.customer_id IS NULL
    """


def _orphans(entity: Entity, parent: Parent) -> str:
    of = BY_NAME[parent.entity]
    staged = " AND ".join(f"x.{name} = s.{parent.column if name == of.key else name}" for name in scope(of))
    return f"""
        {_select(entity, f"'{parent.column}'", _orphaned(of))}
        JOIN people AS p ON p.reference = s.customer AND p.customer_id IS NOT NULL
        WHERE s.{parent.column} IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM {stage(of)} AS x WHERE {staged})
            AND NOT EXISTS (SELECT 1 FROM {_kept(of, parent)})
            AND NOT EXISTS (
                SELECT 1 FROM found AS f
                WHERE f.line = s.line AND f.position = {position(entity)} AND f.field = 'contract'
            )
    """


def _orphaned(of: Entity) -> str:
    unknown = f"is neither in {of.file} nor in the database"
    if of is not CONTRACTS:
        return f"'{unknown}, for this contract'"
    return f"""
        CASE WHEN EXISTS (SELECT 1 FROM numbers AS o WHERE o.number = s.contract)
            OR EXISTS (SELECT 1 FROM identifier AS o WHERE o.number = s.contract)
        THEN 'belongs to another customer' ELSE '{unknown}' END
    """


def _kept(of: Entity, parent: Parent) -> str:
    joined = ""
    if of is not CONTRACTS:
        joined = f"""
            JOIN {of.table} AS t ON t.customer_id = c.customer_id AND t.contract_id = c.id
                AND t.{of.column(of.key).to} = s.{parent.column}
        """
    return f"contract AS c {joined} WHERE c.customer_id = p.customer_id AND c.file_number = s.contract"


_OF_KNOWN_CONTRACT = """
    JOIN people AS p ON p.reference = s.customer AND p.is_new = 0
    JOIN contract AS c ON c.customer_id = p.customer_id AND c.file_number = s.contract
"""

_DAY_TAKEN = f"""
    {_select(STATEMENTS, "'closed_on'", "'is the last day of statement ' || t.number || ' already'")}
    {_OF_KNOWN_CONTRACT}
    JOIN statement AS t ON t.customer_id = c.customer_id AND t.contract_id = c.id
        AND t.closed_on = s.closed_on AND t.number <> s.number
"""

_CURRENCY_CHANGED = f"""
    {_select(CONTRACTS, "'currency'", "'is ' || s.currency || ', was ' || c.currency || ' and stays so'")}
    {_OF_KNOWN_CONTRACT}
    WHERE c.currency <> s.currency
"""

_NUMBER_SHARED = f"""
    SELECT n.position, n.line, n.customer, n.contract, n.field,
        'is another contract''s too, in ' || (
        SELECT CASE o.position WHEN {position(CARDS)} THEN '{CARDS.file}' ELSE '{CONTRACTS.file}' END
            || ', line ' || o.line
        FROM numbers AS o
        WHERE o.number = n.number AND (o.customer <> n.customer OR o.contract <> n.contract)
        ORDER BY o.position, o.line LIMIT 1
    ), 0
    FROM numbers AS n
    JOIN (
        SELECT number FROM numbers GROUP BY number
        HAVING min(customer) <> max(customer) OR min(contract) <> max(contract)
    ) AS shared ON shared.number = n.number
"""

_NUMBER_TAKEN = """
    SELECT n.position, n.line, n.customer, n.contract, n.field,
        CASE WHEN i.customer_id = p.customer_id THEN 'is the number of another contract already'
        ELSE 'belongs to another customer already' END, 0
    FROM numbers AS n
    JOIN people AS p ON p.reference = n.customer AND p.customer_id IS NOT NULL
    JOIN identifier AS i ON i.number = n.number
    LEFT JOIN contract AS c ON c.customer_id = i.customer_id AND c.id = i.contract_id
    WHERE i.customer_id <> p.customer_id OR c.file_number <> n.contract
"""

# A row whose customer cannot be read is put to the owner of its contract.
_REFUSED = (
    "reference IN (SELECT customer FROM found)",
    """reference IN (
        SELECT n.customer FROM found AS f JOIN numbers AS n ON n.number = f.contract WHERE f.customer IS NULL
    )""",
    """customer_id IN (
        SELECT i.customer_id FROM found AS f JOIN identifier AS i ON i.number = f.contract
        WHERE f.customer IS NULL
    )""",
)
