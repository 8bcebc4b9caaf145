"""Sessions as a client sees them: when to warn, how sure they are, which to close."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.assurance import Assurance
from gateways import Gateways
from models import Customer, Session
from schema import ids
from schema.ids import Kind
from tests import cast
from tests.conftest import NOON, Clock
from tests.kept import ON_ONE
from tests.levels import token_at
from tests.schema.asking import Asker

FIELDS = """id assurance current label startedAt lastSeenAt idleExpiresAt warnAt absoluteExpiresAt strongUntil
    strongDueAt device { id label current }"""
SESSION = f"{{ session {{ {FIELDS} }} }}"
TIMES = "{ session { lastSeenAt idleExpiresAt warnAt absoluteExpiresAt } }"
SESSIONS = "{ customer { sessions { id assurance current label } } }"
RESULT = "{ __typename ... on SessionsClosed { sessionsClosed } ... on Problem { code } }"
CLOSE = f"mutation($id: ID!) {{ closeSession(sessionId: $id) {RESULT} }}"
CLOSE_OTHERS = f"mutation {{ closeOtherSessions {RESULT} }}"
MINUTE = timedelta(minutes=1)


async def only_session(owner: Customer) -> Session:
    return await Session.owned_by(owner.id).get()


async def test_the_session_that_asks(ask: Asker, gateways: Gateways) -> None:
    owner = await cast.camille()
    token = await cast.session_token(gateways, owner, label="Firefox, Windows")
    row = await only_session(owner)
    assert (await ask.with_session(token, SESSION))["session"] == {
        "id": ids.encoded(Kind.SESSION, owner.id, row.id),
        "assurance": "STRONG_RECENT",
        "current": True,
        "label": "Firefox, Windows",
        "startedAt": "2026-06-15T10:00:00+00:00",
        "lastSeenAt": "2026-06-15T10:00:00+00:00",
        "idleExpiresAt": "2026-06-15T10:05:00+00:00",
        "warnAt": "2026-06-15T10:04:00+00:00",
        "absoluteExpiresAt": "2026-06-15T22:00:00+00:00",
        "strongUntil": "2026-06-15T10:05:00+00:00",
        "strongDueAt": "2026-12-12T10:00:00+00:00",
        "device": {
            "id": ids.encoded(Kind.DEVICE, owner.id, row.device_id or 0),
            "label": "Firefox, Windows",
            "current": True,
        },
    }


@pytest.mark.parametrize(
    ("known", "strong_until", "strong_due_at"),
    [
        (Assurance.PROVISIONAL, None, None),
        (Assurance.CODE_ONLY, None, "2026-06-15T10:00:00+00:00"),
        (Assurance.STRONG, None, "2026-12-11T10:00:00+00:00"),
        (Assurance.STRONG_IN_SESSION, None, "2026-12-12T09:55:00+00:00"),
        (Assurance.STRONG_RECENT, "2026-06-15T10:05:00+00:00", "2026-12-12T10:00:00+00:00"),
    ],
)
async def test_how_sure_it_is_and_until_when(
    ask: Asker,
    gateways: Gateways,
    known: Assurance,
    strong_until: str | None,
    strong_due_at: str | None,
) -> None:
    """Whatever it is: a client must know what to ask for."""
    token = await token_at(gateways, await cast.camille(), known)
    answer = await ask.with_session(token, "{ session { assurance strongUntil strongDueAt } }")
    assert answer["session"] == {
        "assurance": known.value,
        "strongUntil": strong_until,
        "strongDueAt": strong_due_at,
    }


async def test_a_stranger_has_none(ask: Asker) -> None:
    assert (await ask(SESSION))["session"] is None


async def test_looking_at_it_does_not_prolong_it(ask: Asker, gateways: Gateways, clock: Clock) -> None:
    """Asking for anything else does."""
    owner = await cast.camille()
    token = await cast.session_token(gateways, owner)
    clock.now = NOON + 4 * MINUTE
    times = {
        "lastSeenAt": "2026-06-15T10:00:00+00:00",
        "idleExpiresAt": "2026-06-15T10:05:00+00:00",
        "warnAt": "2026-06-15T10:04:00+00:00",
        "absoluteExpiresAt": "2026-06-15T22:00:00+00:00",
    }
    for query in (TIMES, TIMES.replace("{ session", "{ contact { phone } session")):
        assert (await ask.with_session(token, query))["session"] == times
    assert (await only_session(owner)).seen_at == NOON
    await ask.with_session(token, "{ customer { id } }")
    assert (await ask.with_session(token, TIMES))["session"] == {
        "lastSeenAt": "2026-06-15T10:04:00+00:00",
        "idleExpiresAt": "2026-06-15T10:09:00+00:00",
        "warnAt": "2026-06-15T10:08:00+00:00",
        "absoluteExpiresAt": "2026-06-15T22:00:00+00:00",
    }
    clock.now = NOON + 9 * MINUTE
    assert (await ask.with_session(token, TIMES))["session"] is None


async def test_the_warning_comes_before_the_end_of_its_whole_life_too(
    ask: Asker, gateways: Gateways, clock: Clock
) -> None:
    owner = await cast.camille()
    token = await cast.session_token(gateways, owner)
    clock.now = NOON + timedelta(hours=11, minutes=57)
    await Session.owned_by(owner.id).update(seen_at=clock.now)
    assert (await ask.with_session(token, TIMES))["session"] == {
        "lastSeenAt": "2026-06-15T21:57:00+00:00",
        "idleExpiresAt": "2026-06-15T22:02:00+00:00",
        "warnAt": "2026-06-15T21:59:00+00:00",
        "absoluteExpiresAt": "2026-06-15T22:00:00+00:00",
    }


async def test_a_device_that_was_forgotten_is_not_shown(ask: Asker, gateways: Gateways) -> None:
    token = await cast.session_token(gateways, await cast.camille())
    device = "{ session { device { current } } }"
    assert (await ask.with_session(token, device))["session"] == {"device": {"current": True}}
    await ask.with_session(token, "mutation { forgetAllDevices { __typename } }")
    assert (await ask.with_session(token, device))["session"] == {"device": None}


async def test_all_open_sessions_are_listed_with_how_sure_they_are(
    ask: Asker, gateways: Gateways, clock: Clock
) -> None:
    owner = await cast.camille()
    await cast.session_token(gateways, await cast.marc())
    expected = []
    for known, label in ((Assurance.PROVISIONAL, "Opera"), (Assurance.STRONG, "Chrome, Android")):
        clock.now += timedelta(seconds=1)
        await token_at(gateways, owner, known)
        await Session.owned_by(owner.id).filter(label="").update(label=label)
        expected.append({"assurance": known.value, "current": False, "label": label})
    clock.now += timedelta(seconds=1)
    token = await cast.session_token(gateways, owner, label="Safari, iOS")
    listed = (await ask.with_session(token, SESSIONS))["customer"]["sessions"]
    rows = await Session.owned_by(owner.id).order_by("-seen_at")
    assert [row.pop("id") for row in listed] == [ids.encoded(Kind.SESSION, owner.id, row.id) for row in rows]
    own = {"assurance": "STRONG_RECENT", "current": True, "label": "Safari, iOS"}
    assert listed == [own, *reversed(expected)]


async def test_one_is_closed(ask: Asker, gateways: Gateways) -> None:
    owner = await cast.camille()
    here, there = [await cast.session_token(gateways, owner) for _ in range(2)]
    other = (await ask.with_session(there, "{ session { id } }"))["session"]["id"]
    answer = await ask.with_session(here, CLOSE, id=other)
    assert answer["closeSession"] == {"__typename": "SessionsClosed", "sessionsClosed": 1}
    assert answer.cookie is None
    assert (await ask.with_session(there, "{ session { id } }"))["session"] is None
    assert (await ask.with_session(here, "{ session { current } }"))["session"] == {"current": True}


async def test_closing_the_one_that_asks_erases_its_cookie(ask: Asker, gateways: Gateways) -> None:
    token = await cast.session_token(gateways, await cast.camille())
    own = (await ask.with_session(token, "{ session { id } }"))["session"]["id"]
    both = CLOSE.replace(RESULT, f"{RESULT} again: closeOtherSessions {RESULT}")
    answer = await ask.with_session(token, both, id=own)
    assert answer.data == {
        "closeSession": {"__typename": "SessionsClosed", "sessionsClosed": 1},
        "again": {"__typename": "NotSignedIn", "code": "UNAUTHENTICATED"},
    }
    assert answer.cookie is not None
    assert answer.cookie.startswith('session=""; ')
    assert "Max-Age=0" in answer.cookie


async def test_all_others_are_closed(ask: Asker, gateways: Gateways) -> None:
    owner = await cast.camille()
    tokens = [await cast.session_token(gateways, owner) for _ in range(3)]
    closed = (await ask.with_session(tokens[0], CLOSE_OTHERS))["closeOtherSessions"]
    assert closed == {"__typename": "SessionsClosed", "sessionsClosed": 2}
    left = [(await ask.with_session(token, "{ session { current } }"))["session"] for token in tokens]
    assert left == [{"current": True}, None, None]


@ON_ONE
async def test_an_id_of_something_else_is_refused(ask: Asker) -> None:
    owner = await cast.camille()
    answer = await ask(CLOSE, owner, id=ids.encoded(Kind.DEVICE, owner.id, 1))
    assert answer.refused[1] == [("BAD_USER_INPUT", "This id names a device, not a session")]
