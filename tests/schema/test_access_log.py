"""The access log as its customer reads it: in order, in words, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.audit import AuditKind
from engine.planning.connections import cursor
from engine.planning.keysets import Key
from gateways import Gateways
from models import AuditEvent, Customer, Locale
from schema import ids, words
from schema.access_log import NEWEST_FIRST
from tests import cast
from tests.conftest import NOON
from tests.kept import ON_ONE
from tests.recording import recorded
from tests.schema.asking import Asker
from tests.schema.ways import BOTH_WAYS, COMPILED

PAGE = """query($first: Int, $after: String, $last: Int, $before: String) { customer {
    accessLog(first: $first, after: $after, last: $last, before: $before) {
        nodes { at } edges { cursor node { at } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
ENTRY = """{ customer { accessLog { totalCount nodes {
    id kind at browser purpose wrongCodesBefore seal text english: text(locale: EN_GB) } } } }"""
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on AccessEvent { kind } } }"
MINUTE = timedelta(minutes=1)


async def record(
    gateways: Gateways, of: Customer, kind: str = "SIGNED_IN", minute: int = 0, **given: Any
) -> AuditEvent:
    return await AuditEvent.record(of.id, kind, NOON + minute * MINUTE, gateways.vault.seal, **given)


@pytest.fixture
async def ines(database: str, gateways: Gateways) -> Customer:
    """Seven entries, a minute apart, but that the clock stepped back before the fourth."""
    ines = await cast.ines()
    for minute in (0, 1, 2, 0, 4, 5, 6):
        await record(gateways, ines, minute=minute)
    return ines


def minutes(page: Any) -> str:
    log = page["customer"]["accessLog"]
    assert log["nodes"] == [edge["node"] for edge in log["edges"]]
    return "".join(node["at"][15] for node in log["nodes"])


async def test_an_entry_says_what_happened_and_how(ask: Asker, gateways: Gateways) -> None:
    camille = await cast.camille()
    details: dict[str, Any] = {"purpose": "SIGN_IN", "wrong_codes_before": 2}
    row = await record(gateways, camille, label="Firefox, Windows", **details)
    answer = await ask(ENTRY, camille)
    assert answer["customer"]["accessLog"] == {
        "totalCount": 1,
        "nodes": [
            {
                "id": ids.encoded(ids.Kind.EVENT, camille.id, row.id),
                "kind": "SIGNED_IN",
                "at": "2026-06-15T10:00:00+00:00",
                "browser": "Firefox, Windows",
                "purpose": "SIGN_IN",
                "wrongCodesBefore": 2,
                "seal": row.seal,
                "text": "Connexion à votre espace client. 2 codes incorrects avaient été saisis auparavant.",
                "english": "Signed in to your customer area. 2 wrong codes had been entered before.",
            }
        ],
    }


async def test_what_is_not_known_of_an_entry_is_null(ask: Asker, gateways: Gateways) -> None:
    camille = await cast.camille()
    await record(gateways, camille, "ACCESS_LOCKED", notice="LOCKED")
    [entry] = (await ask(ENTRY, camille))["customer"]["accessLog"]["nodes"]
    assert (entry["browser"], entry["purpose"], entry["wrongCodesBefore"]) == (None, None, 0)
    assert entry["text"] == "L'accès a été bloqué après trop de codes incorrects."


async def test_every_kind_is_told(ask: Asker, gateways: Gateways) -> None:
    camille = await cast.camille()
    for kind in AuditKind:
        await record(gateways, camille, kind)
    nodes = (await ask(ENTRY, camille))["customer"]["accessLog"]["nodes"]
    assert [node["kind"] for node in nodes] == list(AuditKind)[::-1]
    assert len({node["text"] for node in nodes} | {node["english"] for node in nodes}) == 2 * len(AuditKind)


def test_every_kind_has_its_sentence_and_no_sentence_is_left_over() -> None:
    assert set(words.ACCESS_EVENTS) == {*AuditKind}


@pytest.mark.parametrize("wrong_codes", [0, 1, 12])
@pytest.mark.parametrize("kind", AuditKind)
def test_a_sentence_is_one_in_each_language(kind: AuditKind, wrong_codes: int) -> None:
    french, english = (words.access_event(kind, wrong_codes, locale) for locale in Locale)
    assert french != english
    for sentence in (french, english):
        assert sentence == " ".join(sentence.split())
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert ("12" in sentence) == (wrong_codes == 12)


async def test_the_log_is_walked_in_its_own_order_whatever_the_clock_said(ask: Asker, ines: Customer) -> None:
    first = await ask(PAGE, ines, first=3)
    info = first["customer"]["accessLog"]["pageInfo"]
    assert (minutes(first), info["hasNextPage"], info["hasPreviousPage"]) == ("654", True, False)
    second = await ask(PAGE, ines, first=3, after=info["endCursor"])
    assert minutes(second) == "021"
    last = await ask(PAGE, ines, last=2)
    assert minutes(last) == "10"
    before = last["customer"]["accessLog"]["pageInfo"]["startCursor"]
    assert minutes(await ask(PAGE, ines, last=9, before=before)) == "65402"


@BOTH_WAYS
async def test_a_page_costs_one_statement_and_the_count_another(
    ask: Asker, ines: Customer, way: str, kept_url: str
) -> None:
    """Planned for PostgreSQL, the customer, the page and the count are one statement."""
    counts = []
    for query in ("{ customer { locale } }", PAGE, ENTRY):
        await ask(query, ines)
        async with recorded() as sent:
            await ask(query, ines)
        counts.append(len(sent.statements))
    planned = [1, 1, 1] if kept_url.startswith("postgres") else [1, 2, 3]
    assert counts == (planned if way == COMPILED else [2, 3, 4])


async def test_a_row_beside_the_chain_is_not_shown(ask: Asker, ines: Customer) -> None:
    await AuditEvent.create(customer_id=ines.id, kind="SIGNED_IN", at=NOON + 9 * MINUTE)
    assert minutes(await ask(PAGE, ines)) == "6540210"
    assert (await ask(ENTRY, ines))["customer"]["accessLog"]["totalCount"] == 7


@pytest.mark.parametrize(("number", "found"), [(2**63 - 1, "6540210"), (-(2**63), ""), (1, "")])
async def test_the_outermost_cursors_are_places(ask: Asker, ines: Customer, number: int, found: str) -> None:
    after = cursor(NEWEST_FIRST, Key(number, 1))
    assert minutes(await ask(PAGE, ines, after=after)) == found


@ON_ONE
@pytest.mark.parametrize(
    ("arguments", "words_told"),
    [
        ({"first": 101}, "`first` lies between 0 and 100, 101 does not"),
        ({"last": -1}, "`last` lies between 0 and 100, -1 does not"),
        ({"after": "x"}, "`after` is not a cursor of this list in this order"),
    ],
    ids=str,
)
async def test_a_page_that_cannot_be_is_refused(
    ask: Asker, ines: Customer, arguments: dict[str, Any], words_told: str
) -> None:
    assert (await ask(PAGE, ines, **arguments)).refused[1] == [("BAD_USER_INPUT", words_told)]


async def test_each_reads_her_own_log_and_finds_her_own_entries(
    ask: Asker, ines: Customer, gateways: Gateways
) -> None:
    marc = await cast.marc()
    his = await record(gateways, marc, "ADDRESS_CHANGED")
    assert minutes(await ask(PAGE, marc)) == "0"
    theirs = cursor(NEWEST_FIRST, NEWEST_FIRST.key_of(his))
    assert minutes(await ask(PAGE, ines, before=theirs)) == "654021"

    row_id = ids.encoded(ids.Kind.EVENT, marc.id, his.id)
    found = {"__typename": "AccessEvent", "id": row_id, "kind": "ADDRESS_CHANGED"}
    assert (await ask(NODE, marc, id=row_id))["node"] == found
    for asking in (ines, None):
        assert (await ask(NODE, asking, id=row_id)).refused == ({"node": None}, [])


async def test_a_stranger_reads_nothing(ask: Asker, database: str) -> None:
    assert (await ask(PAGE)).refused == ({"customer": None}, [])
