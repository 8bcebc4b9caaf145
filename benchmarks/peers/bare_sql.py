"""The statements of the bare floor: each writes a whole answer, byte by byte.

Plain concatenation of texts costs PostgreSQL a quarter less than its own `row_to_json`.
"""

from __future__ import annotations


def _object(**members: str) -> str:
    """SQL that writes a JSON object of members that are JSON already."""
    return (
        "'{' || "
        + " || ',' || ".join(f"""'"{name}":' || {sql}""" for name, sql in members.items())
        + " || '}'"
    )


def _plain(sql: str) -> str:
    """A value that is never null and has nothing in it to escape."""
    return f"""'"' || {sql} || '"'"""


def _text(sql: str) -> str:
    return f"coalesce(to_json({sql})::text, 'null')"


def _simple(sql: str) -> str:
    """A day or a number as a text, or null."""
    return f"""coalesce('"' || {sql} || '"', 'null')"""


def _money(sql: str) -> str:
    return _simple(f"{sql} * 0.01")


def _page(rows: str, size: int, *, node: dict[str, str], place: dict[str, str] | None = None) -> str:
    """SQL of one page: `rows` reads one row more than its size, which tells whether there is a next page."""
    edge = f"""'{{"cursor":"' || place || '","node":' || {_object(**node)} || '}}'"""
    # Places are read newest first, and as texts they sort as the rows do.
    ends = _object(
        hasNextPage=f"(count(*) > {size})",
        **(place or {}),
        startCursor=_simple("max(place)"),
        endCursor=_simple(f"min(place) FILTER (WHERE at <= {size})"),
    )
    edges = f"coalesce(string_agg({edge}, ',') FILTER (WHERE at <= {size}), '')"
    return f"""SELECT '{{"edges":[' || {edges} || '],"pageInfo":' || {ends} || '}}' AS found FROM (
        SELECT row_number() OVER () AS at, occurred_on || '_' || id AS place, o.* FROM ({rows}) AS o) AS o"""


_STATEMENT = _object(
    id=_plain("s.id"),
    number="s.number",
    openedOn=_plain("s.opened_on"),
    closedOn=_plain("s.closed_on"),
    paymentOn=_simple("s.payment_on"),
    openingBalance=_money("s.opening_balance_cents"),
    closingBalance=_money("s.closing_balance_cents"),
    totalDue=_money("s.total_due_cents"),
)
_CONTRACT = _object(
    id=_plain("k.id"),
    version="k.version",
    kind=_plain("k.kind"),
    status=_plain("k.status"),
    label=_text("k.label"),
    currency=_plain("k.currency"),
    signedOn=_plain("k.signed_on"),
    apr=_simple("k.apr_yearly"),
    borrowingRate=_simple("k.borrowing_rate_yearly"),
    outstandingPrincipal=_money("k.outstanding_cents"),
    overdue=_money("k.overdue_cents"),
    statements="""'{"nodes":[' || coalesce(statements.found, '') || ']}'""",
    operations="operations.found",
)
_OPERATIONS = _page(
    """SELECT id, kind, occurred_on, label, category, amount_cents FROM operation
        WHERE customer_id = $1 AND contract_id = k.id ORDER BY occurred_on DESC, id DESC LIMIT 21""",
    20,
    node={
        "id": _plain("id"),
        "kind": _plain("kind"),
        "occurredOn": _plain("occurred_on"),
        "label": _text("label"),
        "category": _text("category"),
        "amount": _money("amount_cents"),
    },
    place={"hasPreviousPage": "'false'"},
)
_IN_ORDER = f"string_agg({_CONTRACT}, ',' ORDER BY k.signed_on DESC, k.id DESC)"
_CONTRACTS = f"""SELECT '[' || coalesce({_IN_ORDER}, '') || ']'
    FROM contract k LEFT JOIN LATERAL (
        SELECT {_STATEMENT} AS found FROM statement s WHERE s.customer_id = $1 AND s.contract_id = k.id
        ORDER BY s.closed_on DESC, s.id DESC LIMIT 1
    ) AS statements ON true, LATERAL ({_OPERATIONS}) AS operations WHERE k.customer_id = $1"""
_CUSTOMER = _object(
    id=_plain("c.id"),
    title=_simple("c.title"),
    firstNames=_text("c.first_names"),
    lastName=_text("c.last_name"),
    birthDate=_simple("c.birth_date"),
    contracts=f"({_CONTRACTS})",
)
_PERSON = _object(
    title=_simple("c.title"),
    firstNames=_text("c.first_names"),
    lastName=_text("c.last_name"),
    birthDate=_simple("c.birth_date"),
    locale=_plain("c.locale"),
)


def _answer(name: str, sql: str) -> str:
    return f"""'{{"data":{{"{name}":' || {sql} || '}}}}'"""


DASHBOARD = f"SELECT {_answer('customer', _CUSTOMER)} FROM customer c WHERE c.id = $1"
PROFILE = f"SELECT {_answer('customer', _PERSON)} FROM customer c WHERE c.id = $1"

# $2 kinds, $3 least amount, $4 last day; $5 and $6 the place after which the page begins.
_FILTERED = """SELECT id, kind, occurred_on, label, amount_cents FROM operation
    WHERE customer_id = $1 AND kind = ANY($2) AND amount_cents >= $3{more}
    ORDER BY occurred_on DESC, id DESC LIMIT 101"""
_NODE = {
    "id": _plain("id"),
    "kind": _plain("kind"),
    "occurredOn": _plain("occurred_on"),
    "label": _text("label"),
    "amount": _money("amount_cents"),
}


def _whole(rows: str) -> str:
    return f"SELECT {_answer('operations', 'found')} FROM ({_page(rows, 100, node=_NODE)}) AS page"


FIRST_PAGE = _whole(_FILTERED.format(more=""))
DEEP_PAGE = _whole(_FILTERED.format(more=" AND occurred_on <= $4 AND (occurred_on < $4 OR id < $5)"))
PLACE = """SELECT '{"data":{"operations":{"pageInfo":{"endCursor":"' || occurred_on || '_' || id || '"}}}}'
    FROM operation WHERE customer_id = $1 AND occurred_on <= $2 ORDER BY occurred_on DESC, id DESC LIMIT 1"""
