"""What the server writes while customers are served: JSON, a request id, and nothing of anybody."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from babel.dates import format_date

from feed.sample.customers import SampleCustomer
from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.gateways.conftest import Service
from tests.journeys.browser import Browser
from tests.journeys.conftest import Serve
from tests.journeys.databases import query
from tests.journeys.test_changing import CHANGE_EMAIL, CHANGE_PHONE, CONFIRM, NEW_CODE, sample_customer
from tests.journeys.test_reading import DASHBOARD, OPERATIONS
from tests.journeys.test_troubles import CHANGE_ADDRESS

NEW_PHONE, NEW_EMAIL = "+33730009879", "nouvelle.adresse@example.org"
STREET = "9 rue Introuvable"


async def test_nothing_of_a_customer_is_ever_logged(
    copy: dict[str, Any], production: dict[str, Any], service: Service, serve: Serve
) -> None:
    portal = serve(**{**copy, **production, "log_level": "debug", "log_format": "json"})
    demo, other = sample_customer("Lefèvre"), sample_customer("Kervoëlen")
    async with Browser(portal.url) as browser:
        secrets = await _signs_in_and_changes_everything(browser, demo, service)
        secrets |= await _recovers_a_code(browser, other, service)
        await _asks_badly(browser)
        if "sqlite" not in copy["database_url"]:
            await _loses_the_database(browser, copy["database_url"])
        request_ids = browser.request_ids
    assert portal.stop() == 0

    said = portal.stdout.split("/graphql\n", 1)[1].strip() + portal.stderr
    folded = said.casefold()
    secrets |= _personal(demo) | _personal(other) | {NEW_CODE, DEMO_CODE, NEW_EMAIL, STREET}
    assert len(secrets) > 40
    assert [secret for secret in secrets if secret.casefold() in folded] == []
    lines = [json.loads(line) for line in said.splitlines()]
    answered = {line["request_id"]: line for line in lines if line["event"] == "answered"}
    assert answered.keys() >= set(request_ids)
    assert len(request_ids) > 20
    assert {line["route"] for line in answered.values()} == {"/graphql", "other"}
    assert all(re.fullmatch(r"[0-9a-f]{16}", request_id) for request_id in answered)
    assert [line for line in lines if line["event"] == "message sent"]


async def _signs_in_and_changes_everything(
    browser: Browser, one: SampleCustomer, service: Service
) -> set[str]:
    step = await browser.begin("logIn", DEMO_NUMBER)
    refused = await browser.enter_code(step, "975310")
    assert (await browser.enter_code(refused["next"], DEMO_CODE))["__typename"] == "SignedIn"
    token = browser.cookie.partition("=")[2]
    await browser.ask(DASHBOARD)
    await browser.ask(OPERATIONS, first=100)
    version = (await browser.ask("{ customer { version } }"))["customer"]["version"]
    await browser.ask(CHANGE_ADDRESS, version=version, line=STREET)
    found = {token, token.partition(".")[2], step["flowId"], step["keypad"]["challengeId"], "975310"}
    for act, to in ((CHANGE_PHONE, NEW_PHONE), (CHANGE_EMAIL, NEW_EMAIL)):
        change = (await browser.ask(act, to=to))["changed"]["change"]
        code = _code_sent(service, to)
        assert (await browser.ask(CONFIRM, id=change["id"], code=code))["changed"][
            "__typename"
        ] == "ContactChanged"
        found |= {code, change["id"], change["masked"]}
    return found | {NEW_PHONE, NEW_PHONE.removeprefix("+33")}


async def _recovers_a_code(browser: Browser, one: SampleCustomer, service: Service) -> set[str]:
    assert one.row.phone is not None
    step = await browser.confirm_phone(
        await browser.begin("recoverCode", one.sign_in_numbers[1]), one.row.phone
    )
    code = _code_sent(service, one.row.phone)
    chosen = await browser.choose_code(await browser.enter_sms_code(step, code), NEW_CODE)
    assert chosen["__typename"] == "SignedIn"
    return {code, step["flowId"], browser.cookie.partition("=")[2]}


def _code_sent(service: Service, to: str) -> str:
    """The last code that the service was given for a phone or an address."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        bodies = [
            request["message"]
            for request in service.requests
            if to in request["path"].replace("%40", "@").replace("%2B", "+")
        ]
        codes = re.findall(r"code (\d{6})", " ".join(bodies))
        if codes:
            return str(codes[-1])
        time.sleep(0.01)
    raise AssertionError(f"no code for {to} in {service.requests}")


async def _asks_badly(browser: Browser) -> None:
    """What a client may get wrong, with personal values in every place where one can be put."""
    number, email = DEMO_NUMBER, "camille.lefevre@example.fr"
    for document, variables in (
        ("{ customer { firstNames", {}),
        (f'{{ node(id: "{number}") {{ id }} }}', {}),
        ("query($id: ID!) { node(id: $id) { id } }", {"id": {"number": number}}),
        (f'mutation {{ requestEmailChange(email: "{email}" ', {}),
        (f"{{ {email.partition('.')[0]}{number} }}", {}),
        ("mutation($first: Int) { signOut { sessionsClosed } }", {"first": number}),
    ):
        response = await browser.send(document, **variables)
        assert "errors" in response.json()
    for path in (f"/{number}?phone=0612345678", f"/graphql?query={{{number}}}&email={email}"):
        assert (await browser.http.get(path)).status_code in (200, 400, 404)
    broken = await browser.http.post(
        "/graphql", content=f'{{"query": {number}', headers={"Content-Type": "application/json"}
    )
    assert broken.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def _loses_the_database(browser: Browser, url: str) -> None:
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    ended += "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    for _ in range(3):
        query(url, ended)
        await browser.send(DASHBOARD)


def _personal(one: SampleCustomer) -> set[str]:
    """Every value by which the customer could be known, in the forms people write them in."""
    row, found = one.row, set(one.sign_in_numbers)
    found |= {row.first_names, row.last_name, row.address_line_1, row.email or "", row.phone or ""}
    found |= {
        str(row.birth_date),
        row.birth_date.strftime("%d/%m/%Y"),
        format_date(row.birth_date, locale="fr"),
    }
    if row.phone:
        found |= {row.phone.removeprefix("+33"), "0" + row.phone.removeprefix("+33")}
    for history in one.histories:
        found |= {history.contract.iban or "", *(card.number for card in history.cards)}
    return found - {""}
