"""Apollo Client 4."""

from __future__ import annotations

import pytest

from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from tests.clients.conftest import Drive, on_both
from tests.clients.sample import are_the_newest, bare, by_label, contracts, operations
from tests.journeys.browser import Browser
from tests.journeys.personal import sample_customer
from tests.journeys.portal import Portal

pytestmark = pytest.mark.anyio

SCRIPT = "apollo.js"
ADDRESS = {"lines": ["3 rue du Port"], "postalCode": "29200", "city": "Brest"}


@on_both
async def test_signs_in_by_keypad_and_sms_and_shows_the_dashboard(
    drive: Drive, portal: Portal, url: str
) -> None:
    messages = str(portal.data / "messages.jsonl")
    seen = await drive(SCRIPT, "signIn", url=url, number=DEMO_NUMBER, code=DEMO_CODE, messages=messages)

    assert seen["steps"] == ["KeypadStep", "SmsCodeStep", "SignedIn"]
    assert seen["cookies"] == ["device", "session"]
    assert seen["assurance"] == "STRONG_RECENT"
    customer = bare(seen["customer"])
    assert (customer["firstNames"], customer["lastName"]) == ("Camille", "Lefèvre")
    assert by_label(customer["contracts"]) == contracts()


async def test_joins_two_pages_into_one_list(drive: Drive, url: str, demo: Browser) -> None:
    seen = await drive(SCRIPT, "pages", url=url, cookie=demo.cookie, first=7)

    assert (len(seen["first"]), len(seen["both"])) == (7, 14)
    assert seen["both"][:7] == seen["first"]
    assert len({node["id"] for node in seen["both"]}) == 14
    assert are_the_newest(bare(seen["both"]))
    assert (seen["totalCount"], seen["hasNextPage"]) == (len(operations()), True)


async def test_pages_of_a_filtered_list_end_with_it(drive: Drive, url: str, demo: Browser) -> None:
    label = "Prélèvement de votre mensualité"
    wanted = [one for one in operations() if one["label"].startswith(label)]
    only = {"text": label}
    seen = await drive(SCRIPT, "pages", url=url, cookie=demo.cookie, first=len(wanted) - 2, only=only)

    assert len(wanted) > 20
    assert sorted(map(str, bare(seen["both"]))) == sorted(map(str, wanted))
    assert (seen["totalCount"], seen["hasNextPage"]) == (len(wanted), False)


async def test_keeps_each_object_once_under_its_id(drive: Drive, url: str, demo: Browser) -> None:
    seen = await drive(SCRIPT, "cache", url=url, cookie=demo.cookie)

    assert (seen["asked"], seen["isSame"]) == (1, True)
    assert seen["reference"].startswith("PersonalLoan:")
    # The first answer brought the debt and `node` the number: both are on the one object.
    loan = next(one for one in contracts() if one["kind"] == "PERSONAL_LOAN" and one["nextInstalment"])
    assert bare(seen["merged"], "maskedNumber") == {
        "label": loan["label"],
        "outstandingPrincipal": loan["outstandingPrincipal"],
    }
    assert seen["merged"]["maskedNumber"] == "•••• 0103"
    kept = ["CardAccount", "Customer", *["Instalment"] * 3, *["PersonalLoan"] * 2, "ROOT_QUERY"]
    assert sorted(seen["kept"]) == [*kept, "RevolvingCredit"]


@on_both
async def test_outcomes_of_a_mutation_are_types_and_what_changed_is_shown_everywhere(
    drive: Drive, portal: Portal, url: str
) -> None:
    one = sample_customer("Le Goff")
    async with Browser(portal) as browser:
        await browser.sign_in(one.sign_in_numbers[0], DEMO_CODE, surely=True)
        seen = await drive(SCRIPT, "mutation", url=url, cookie=browser.cookie, address=ADDRESS)

    before, after = seen["before"], seen["after"]
    assert before["postalAddress"]["city"] == one.row.city
    conflict = {"code": "VERSION_CONFLICT", "currentVersion": before["version"]}
    assert bare(seen["conflict"], "message") == conflict
    assert seen["conflict"]["__typename"] == "VersionConflict"
    assert seen["conflict"]["message"].startswith("These details changed in the meantime.")
    assert seen["invalid"]["__typename"] == "InvalidInput"
    assert bare(seen["invalid"]["fields"]) == [{"field": "postalCode", "rule": "ADDRESS_FORMAT"}]
    assert seen["changed"] == {"__typename": "AddressChanged", "customer": after}
    assert after["version"] == before["version"] + 1
    assert bare(after["postalAddress"]) == {"lines": ["3 rue du Port"], "city": "Brest"}
    assert seen["watched"] == 2


async def test_errors_are_of_its_classes_with_our_codes(drive: Drive, url: str, demo: Browser) -> None:
    seen = await drive(SCRIPT, "errors", url=url, cookie=demo.cookie)

    refused = {"class": "CombinedGraphQLErrors"}
    assert seen["unknownField"] == {**refused, "status": 400, "codes": ["GRAPHQL_VALIDATION_FAILED"]}
    assert seen["badToken"] == {**refused, "status": 401, "codes": ["UNAUTHENTICATED"]}
    assert seen["foreignPage"] == {**refused, "status": 403, "codes": ["FORBIDDEN"]}
    page = seen["pageTooLarge"]
    assert (page["class"], page["status"], page["codes"]) == (*refused.values(), 200, ["BAD_USER_INPUT"])
    assert bare(page["data"]) == {"contact": {"phone": "30 26"}, "operations": None}
    assert (seen["elsewhere"]["class"], seen["elsewhere"]["status"]) == ("ServerError", 404)
    assert seen["elsewhere"]["body"]["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
    assert bare(seen["stranger"]["data"]) == {"contact": {"phone": "30 26"}}
