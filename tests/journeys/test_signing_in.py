"""In by the shuffled keypad or by `portal sign-in`, out again; every sample customer as their state says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from feed.sample.cast import Access
from feed.sample.customers import SampleCustomer
from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from schema.glyphs import GLYPHS
from tests.journeys.browser import Browser
from tests.journeys.conftest import Serve, on_sqlite
from tests.journeys.personal import sample_customer, the_cast
from tests.journeys.portal import Portal, run

WHO = "{ customer { firstNames lastName } }"
SHOWN_KEYPAD = """
mutation($number: String!) {
  logIn(identifier: { cardOrCreditNumber: $number }) { ... on KeypadStep { flowId keypad { challengeId
    keys { position glyph label } } } } }
"""
SIGN_OUT = "mutation { signOut { sessionsClosed } }"


async def test_the_demo_customer_signs_in_and_out(shared_portal: Portal) -> None:
    async with Browser(shared_portal) as browser:
        assert await browser.ask(WHO) == {"customer": None}

        signed_in = await browser.sign_in(DEMO_NUMBER, DEMO_CODE)

        assert signed_in["__typename"] == "SignedIn"
        assert await browser.ask(WHO) == {"customer": {"firstNames": "Camille", "lastName": "Lefèvre"}}
        cookie = browser.cookie
        assert sorted(browser.cookies) == ["device", "session"]
        assert await browser.ask(SIGN_OUT) == {"signOut": {"sessionsClosed": 1}}
        assert sorted(browser.cookies) == ["device"]
        assert await browser.ask(WHO) == {"customer": None}
    async with Browser(shared_portal, cookie=cookie) as thief:
        assert await thief.ask(WHO) == {"customer": None}


async def test_keys_without_labels_are_found_by_their_pictures_and_lie_elsewhere_each_time(
    shared_portal: Portal,
) -> None:
    number = sample_customer("Célestine").sign_in_numbers[0]
    async with Browser(shared_portal) as browser:
        layouts = set()
        for _ in range(5):
            step = (await browser.ask(SHOWN_KEYPAD, number=number))["logIn"]
            keys = step["keypad"]["keys"]
            assert [key["label"] for key in keys] == [None] * 10
            digit_of = {GLYPHS[digit]: digit for digit in GLYPHS}
            for key in keys:
                key["label"] = digit_of[key["glyph"]]
            layouts.add("".join(key["label"] for key in keys))
        assert len(layouts) > 1
        assert (await browser.enter_code(step, DEMO_CODE))["__typename"] == "SmsCodeStep"


async def test_a_wrong_code_costs_a_try_and_a_keypad_works_once(shared_portal: Portal) -> None:
    number = sample_customer("Kervoëlen").sign_in_numbers[0]
    async with Browser(shared_portal) as browser:
        step = await browser.begin("logIn", number)
        refused = await browser.enter_code(step, "135791")
        assert (refused["__typename"], refused["attemptsLeft"]) == ("WrongCredentials", 4)
        assert (await browser.enter_code(step, DEMO_CODE))["__typename"] == "KeypadOver"
        assert (await browser.sign_in(number, DEMO_CODE))["__typename"] == "SignedIn"


async def test_an_unknown_identifier_is_answered_like_a_wrong_code(shared_portal: Portal) -> None:
    async with Browser(shared_portal) as browser:
        refused = await browser.sign_in("30600000000000017", DEMO_CODE)
        assert (refused["__typename"], refused["attemptsLeft"]) == ("WrongCredentials", 4)
        assert await browser.ask(WHO) == {"customer": None}


EXPECTED = {
    Access.NEVER_CONNECTED: "WrongCredentials",
    Access.LOCKED: "AccountLocked",
    Access.LOCKED_OUT: "AccountLocked",
}


async def test_every_sample_customer_signs_in_or_is_refused_as_their_state_says(
    copy: dict[str, Any], serve: Serve
) -> None:
    portal = serve(**copy)
    cast = the_cast()
    assert len(cast) == 60
    for place, one in enumerate(cast):
        await _signs_in_as_expected(portal, one, one.sign_in_numbers[-(place % 2)])


async def _signs_in_as_expected(portal: Portal, one: SampleCustomer, number: str) -> None:
    async with Browser(portal) as browser:
        answer = await browser.sign_in(number, DEMO_CODE)
        expected = EXPECTED.get(one.role.access, "SignedIn")
        assert (number, answer["__typename"]) == (number, expected)
        who = (await browser.ask(WHO))["customer"]
    if expected == "SignedIn":
        assert who == {"firstNames": one.row.first_names, "lastName": one.row.last_name}
        return
    assert who is None
    if expected == "AccountLocked":
        until = answer["until"] and datetime.fromisoformat(answer["until"])
        assert (until is None) == (one.role.access is Access.LOCKED_OUT)
        assert until is None or until > datetime.now(UTC)


@on_sqlite
def test_sign_in_prints_a_cookie_that_plain_http_takes(shared_portal: Portal, tmp_path: Path) -> None:
    done = run("sign-in", _file_number("Saint-Amand"), cwd=tmp_path, **shared_portal.settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert _asked_as(shared_portal, done.stdout.strip()) == "Thierry"
    assert _asked_as(shared_portal, done.stdout.strip()[:-1] + "x") is None


def _asked_as(portal: Portal, cookie: str) -> str | None:
    answer = httpx.post(
        f"{portal.url}/graphql", json={"query": WHO}, headers={"Cookie": cookie}, trust_env=False
    )
    customer = answer.json()["data"]["customer"]
    return customer and str(customer["firstNames"])


def _file_number(last_name: str) -> str:
    return sample_customer(last_name).sign_in_numbers[-1]
