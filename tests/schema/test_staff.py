"""Staff by bearer token: believed or refused before anything runs, and what the schema shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import strawberry

from domain.staff import Staff, StaffScope
from engine.errors import Refusal
from gateways import Gateways
from gateways.local_staff_tokens import LocalStaffTokens
from gateways.provider_staff_tokens import ProviderStaffTokens
from models import AttemptTally, AuditEvent
from resolvers.context import Context
from schema.viewers import Info, staff_with
from tests import cast
from tests.conftest import NOON, Clock
from tests.kept import ON_ONE
from tests.schema.asking import Asker

MINUTE = timedelta(minutes=1)
STAFF = "{ staff { subject scopes expiresAt } }"
WHO = "{ staff { subject } customer { firstNames } }"
UNLOCK = """
mutation($number: String!, $reason: String! = "Called, seen") {
  unlockAccess(identifier: {cardOrCreditNumber: $number}, reason: $reason) {
    __typename
    ... on AccessUnlocked { failuresCleared }
    ... on Problem { code message english: message(locale: EN_GB) }
    ... on ScopeMissing { scope }
    ... on InvalidInput { fields { field rule message } }
    ... on Throttled { retryAfterSeconds }
  }
}
"""


def token(gateways: Gateways, *scopes: StaffScope, subject: str = "adviser-7") -> str:
    assert isinstance(gateways.staff_tokens, LocalStaffTokens)
    return gateways.staff_tokens.signed(subject, scopes, MINUTE)


def bearer(text: str) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {text}")]


async def answered(ask: Asker, headers: list[tuple[str, str]], query: str, **variables: Any) -> Any:
    """The data of an answer without errors."""
    response = await ask.send(headers, query, **variables)
    body = response.json()
    assert (response.status_code, "errors" in body) == (200, False), body
    return body["data"]


def refusal(response: httpx.Response) -> tuple[int, str, str, str | None]:
    body = response.json()
    (error,) = body["errors"]
    assert "data" not in body
    asked_for = response.headers.get("WWW-Authenticate")
    return response.status_code, error["extensions"]["code"], error["message"], asked_for


async def test_staff_are_told_who_they_are(ask: Asker, gateways: Gateways) -> None:
    sent = bearer(token(gateways, StaffScope.UNLOCK, StaffScope.ANALYTICS))

    assert await answered(ask, sent, STAFF) == {
        "staff": {
            "subject": "adviser-7",
            "scopes": ["ANALYTICS", "UNLOCK"],
            "expiresAt": "2026-06-15T10:01:00+00:00",
        }
    }


async def test_staff_are_no_customers_whatever_the_cookies(ask: Asker, gateways: Gateways) -> None:
    cookie = ("Cookie", f"device={cast.BROWSER}; session={await ask.token_of(await cast.camille())}")

    assert await answered(ask, [cookie], WHO) == {"staff": None, "customer": {"firstNames": "Camille"}}
    assert await answered(ask, [cookie, *bearer(token(gateways))], WHO) == {
        "staff": {"subject": "adviser-7"},
        "customer": None,
    }


@ON_ONE
@pytest.mark.parametrize(
    "query", ["{ __typename }", STAFF, "{ contact { phone } }", "mutation { signOut { sessionsClosed } }"]
)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_token_that_is_not_believed_is_refused_whatever_is_asked(
    ask: Asker, query: str, accept: str
) -> None:
    response = await ask.send([*bearer("a.b.c"), ("Accept", accept)], query)

    assert refusal(response) == (
        401,
        "UNAUTHENTICATED",
        "The token is refused: it is no signed token",
        'Bearer error="invalid_token"',
    )
    assert "set-cookie" not in response.headers


@ON_ONE
async def test_a_token_that_is_not_believed_does_not_fall_back_on_the_cookie(
    ask: Asker, gateways: Gateways
) -> None:
    """Nor does the refusal repeat it."""
    camille = await cast.camille()
    cookie = ("Cookie", f"session={await ask.token_of(camille)}")
    before = await cast.known_of(camille)
    forged = f"{token(gateways)[:-8]}AAAAAAAA"

    response = await ask.send([cookie, *bearer(forged)], "mutation { signOut { sessionsClosed } }")

    assert refusal(response)[:3] == (401, "UNAUTHENTICATED", "The token is refused: its signature is wrong")
    assert forged.rpartition(".")[2] not in response.text
    assert await cast.known_of(camille) == before


@ON_ONE
async def test_a_token_that_expired_is_refused(ask: Asker, gateways: Gateways, clock: Clock) -> None:
    sent = bearer(token(gateways))
    clock.now += MINUTE * 2

    assert refusal(await ask.send(sent, STAFF))[:3] == (
        401,
        "UNAUTHENTICATED",
        "The token is refused: its claim exp is wrong or missing",
    )


@ON_ONE
@pytest.mark.parametrize(
    ("headers", "status", "code", "message", "asked_for"),
    [
        (
            [("Authorization", "Basic dTpw")],
            401,
            "UNAUTHENTICATED",
            "Authorization must be a bearer token",
            "Bearer",
        ),
        (
            [("Authorization", "Bearer a"), ("Authorization", "Bearer b")],
            400,
            "BAD_REQUEST",
            "Send one Authorization header",
            'Bearer error="invalid_request"',
        ),
        (
            [("Authorization", "Bearer")],
            401,
            "UNAUTHENTICATED",
            "The token is refused: it is no signed token",
            'Bearer error="invalid_token"',
        ),
    ],
)
async def test_another_way_to_say_who_asks_is_refused(
    ask: Asker,
    headers: list[tuple[str, str]],
    status: int,
    code: str,
    message: str,
    asked_for: str,
) -> None:
    assert refusal(await ask.send(headers, STAFF)) == (status, code, message, asked_for)


@ON_ONE
async def test_two_good_tokens_are_one_too_many(ask: Asker, gateways: Gateways) -> None:
    good = token(gateways)

    assert refusal(await ask.send([*bearer(good), *bearer(good)], STAFF))[0] == 400


@ON_ONE
async def test_without_keys_nobody_can_tell_yet(ask: Asker, gateways: Gateways, clock: Clock) -> None:
    """Customers are not touched by it."""
    away = ProviderStaffTokens(
        issuer="http://127.0.0.1:9", audience="portal", algorithms=("ES256",), clock=clock
    )
    sent = bearer(token(gateways))
    camille = await cast.camille()
    ask.gateways = replace(gateways, staff_tokens=away)
    try:
        response = await ask.send(sent, STAFF)
        assert (await ask("{ customer { firstNames } }", camille))["customer"] == {"firstNames": "Camille"}
    finally:
        await away.close()

    assert refusal(response)[:2] == (503, "SERVICE_UNAVAILABLE")
    assert response.headers["Retry-After"] == "2"


async def test_staff_with_the_scope_unlock(ask: Asker, gateways: Gateways) -> None:
    access = await cast.camille_with_access(gateways)
    subject = gateways.vault.keyed("subject", f"customer:{access.owner.id}").hex()
    await AttemptTally.create(subject_key=subject, customer_id=access.owner.id, failures=5, updated_at=NOON)

    done = await answered(ask, bearer(token(gateways, StaffScope.UNLOCK)), UNLOCK, number=access.number)

    assert done == {"unlockAccess": {"__typename": "AccessUnlocked", "failuresCleared": 5}}
    (event,) = await AuditEvent.owned_by(access.owner.id)
    assert event.details == {"by": "adviser-7", "reason": "Called, seen", "failures": 5}


async def test_one_document_unlocks_one_customer(ask: Asker, gateways: Gateways) -> None:
    first, second = await cast.camille_with_access(gateways), await cast.camille_with_access(gateways)
    before = [await cast.known_of(access.owner) for access in (first, second)]
    both = """mutation($a: String!, $b: String!) {
        a: unlockAccess(identifier: {cardOrCreditNumber: $a}, reason: "Called") { __typename }
        b: unlockAccess(identifier: {cardOrCreditNumber: $b}, reason: "Called") { __typename } }"""

    sent = bearer(token(gateways, StaffScope.UNLOCK))
    response = await ask.send(sent, both, a=first.number, b=second.number)

    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert [await cast.known_of(access.owner) for access in (first, second)] == before


@ON_ONE
async def test_without_the_scope_nothing_is_unlocked_nor_told(ask: Asker, gateways: Gateways) -> None:
    access = await cast.camille_with_access(gateways)
    before = await cast.known_of(access.owner)
    sent = bearer(token(gateways, StaffScope.ANALYTICS, StaffScope.ADVISER))

    for number in (access.number, cast.nobodys_number(), "x"):
        assert (await answered(ask, sent, UNLOCK, number=number))["unlockAccess"] == {
            "__typename": "ScopeMissing",
            "code": "FORBIDDEN",
            "message": "Cette action est réservée aux conseillers.",
            "english": "Only advisers may do this.",
            "scope": "UNLOCK",
        }
    assert await cast.known_of(access.owner) == before


@ON_ONE
async def test_what_stands_in_the_way_of_unlocking_is_a_type(ask: Asker, gateways: Gateways) -> None:
    sent = bearer(token(gateways, StaffScope.UNLOCK))

    unknown = (await answered(ask, sent, UNLOCK, number=cast.nobodys_number()))["unlockAccess"]
    assert (unknown["__typename"], unknown["code"]) == ("UnknownIdentifier", "UNKNOWN_IDENTIFIER")
    wrong = (await answered(ask, sent, UNLOCK, number="1", reason=" a "))["unlockAccess"]
    assert [(bad["field"], bad["rule"]) for bad in wrong["fields"]] == [
        ("cardOrCreditNumber", "IDENTIFIER_LENGTH"),
        ("reason", "REASON_TOO_SHORT"),
    ]
    access = await cast.camille_with_access(gateways)
    for _ in range(3):
        await answered(ask, sent, UNLOCK, number=access.number)
    again = (await answered(ask, sent, UNLOCK, number=access.number))["unlockAccess"]
    assert (again["__typename"], again["retryAfterSeconds"]) == ("Throttled", 86_400)


@ON_ONE
async def test_staff_who_sign_in_as_a_customer_stay_staff(ask: Asker, gateways: Gateways) -> None:
    """In that operation: the session is for requests that come without the token."""
    access = await cast.camille_with_access(gateways)
    begin = "mutation($n: String!) { logIn(identifier: {cardOrCreditNumber: $n}) { __typename } }"
    sent = bearer(token(gateways))

    assert await answered(ask, sent, begin, n=access.number) == {"logIn": {"__typename": "KeypadStep"}}
    assert await answered(ask, sent, WHO) == {"staff": {"subject": "adviser-7"}, "customer": None}


@strawberry.type
class Figures:
    @strawberry.field
    async def total(self, info: Info) -> str:
        return staff_with(info, StaffScope.ANALYTICS).subject


@pytest.mark.parametrize(
    ("scopes", "code", "asked_for"),
    [
        (None, "UNAUTHENTICATED", "Bearer"),
        (frozenset(), "FORBIDDEN", 'Bearer error="insufficient_scope", scope="analytics"'),
        ({StaffScope.UNLOCK}, "FORBIDDEN", 'Bearer error="insufficient_scope", scope="analytics"'),
        ({StaffScope.ANALYTICS}, None, None),
    ],
)
async def test_a_field_for_staff_with_a_scope_is_for_them_alone(
    gateways: Gateways, scopes: frozenset[StaffScope] | None, code: str | None, asked_for: str | None
) -> None:
    staff = None if scopes is None else Staff("analyst-1", frozenset(scopes), NOON + MINUTE)
    context = Context(gateways=gateways, address="", staff=staff)

    result = await strawberry.Schema(Figures).execute("{ total }", context_value=context)

    if code is None:
        assert (result.data, result.errors) == ({"total": "analyst-1"}, None)
        return
    assert result.errors is not None
    refused = result.errors[0].original_error
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.all_headers()["WWW-Authenticate"]) == (code, asked_for)
