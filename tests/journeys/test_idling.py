"""Sessions that nobody uses: the client knows when to warn, and five minutes end them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from feed.sample.demo import DEMO_CODE
from tests.journeys.browser import Browser
from tests.journeys.portal import Portal
from tests.journeys.test_devices import WHO, kind, number_of
from tests.journeys.test_stepping_up import happened_earlier

SESSION = """
{ session { current assurance label startedAt lastSeenAt idleExpiresAt warnAt absoluteExpiresAt
    device { current } } }
"""


async def seen(browser: Browser) -> dict[str, Any]:
    """The session, with its instants."""
    found: dict[str, Any] = (await browser.ask(SESSION))["session"]
    return {
        name: datetime.fromisoformat(value) if name.endswith("At") else value for name, value in found.items()
    }


async def test_a_client_reads_when_to_warn_and_looking_prolongs_nothing(shared_portal: Portal) -> None:
    number = number_of("Dupuy")
    async with Browser(shared_portal) as browser:
        await browser.sign_in(number, DEMO_CODE)
        at_first = await seen(browser)
        assert at_first["idleExpiresAt"] - at_first["lastSeenAt"] == timedelta(minutes=5)
        assert at_first["idleExpiresAt"] - at_first["warnAt"] == timedelta(minutes=1)
        assert at_first["absoluteExpiresAt"] - at_first["startedAt"] == timedelta(hours=12)
        assert (at_first["current"], at_first["device"]) == (True, {"current": True})

        happened_earlier(shared_portal, "session", "seen_at", number, seconds=245)

        idle = await seen(browser)
        assert at_first["warnAt"] - idle["warnAt"] >= timedelta(seconds=245)
        assert idle["warnAt"] < datetime.now(UTC) < idle["idleExpiresAt"]
        assert (await seen(browser))["warnAt"] == idle["warnAt"]  # looking is no use of the session
        assert await browser.ask(WHO) == {"customer": {"lastName": "Dupuy"}}
        used = await seen(browser)
        assert used["warnAt"] > at_first["warnAt"]
        assert used["absoluteExpiresAt"] == at_first["absoluteExpiresAt"]


async def test_a_session_that_was_not_used_for_five_minutes_is_over(shared_portal: Portal) -> None:
    number = number_of("Dupuy")
    async with Browser(shared_portal) as browser:
        await browser.sign_in(number, DEMO_CODE)
        happened_earlier(shared_portal, "session", "seen_at", number, seconds=301)
        assert await browser.ask("{ session { warnAt } }") == {"session": None}
        assert await browser.ask(WHO) == {"customer": None}
        step = await browser.enter_code(await browser.begin("logIn", number), DEMO_CODE)
        assert kind(step) == "SignedIn"


async def test_a_session_ends_after_twelve_hours_however_busy_it_is(shared_portal: Portal) -> None:
    number = number_of("Dupuy")
    async with Browser(shared_portal) as browser:
        await browser.sign_in(number, DEMO_CODE)
        happened_earlier(shared_portal, "session", "created_at", number, seconds=43_201)
        happened_earlier(shared_portal, "session", "expires_at", number, seconds=43_201)
        assert await browser.ask(WHO) == {"customer": None}
