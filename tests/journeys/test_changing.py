"""Codes forgotten and chosen, phone and e-mail changed, with the messages read as a customer reads them."""

from __future__ import annotations

import re
import time
from typing import Any

from feed.sample.cast import Access
from feed.sample.customers import SampleCustomer
from feed.sample.demo import DEMO_CODE
from tests.journeys.browser import Browser
from tests.journeys.databases import query
from tests.journeys.personal import sample_customer
from tests.journeys.portal import Portal

NEW_CODE = "850274"
NEW_DEVICE, CODE_CHOSEN = "Connexion depuis un nouvel appareil", "Votre code secret a été modifié"
CHANGE_PHONE = """
mutation($to: String!) { changed: requestPhoneChange(phone: $to) { __typename
  ... on ConfirmationSent { change { id masked reference } } ... on Problem { code } } }
"""
CHANGE_EMAIL = CHANGE_PHONE.replace("requestPhoneChange(phone:", "requestEmailChange(email:")
CONFIRM = """
mutation($id: ID!, $code: String!) { changed: confirmContactChange(confirmationId: $id, code: $code) {
  __typename ... on ContactChanged { customer { phone { masked } email { masked } } }
  ... on Problem { code } } }
"""
CHANGE_ADDRESS = """
mutation($version: Int!) { changed: changeAddress(expectedVersion: $version,
    address: { lines: ["3 rue du Port"], postalCode: "29200", city: "Brest" }) { __typename
  ... on AddressChanged { customer { version postalAddress { lines postalCode city } } } } }
"""
PROFILE = "{ customer { version phone { masked } email { masked } pendingChanges { id } } }"


def messages(portal: Portal, *to: str | None, since: int, count: int) -> list[dict[str, Any]]:
    """So many messages that left since then, to these or to anybody: they leave soon after the answer."""
    limit = time.monotonic() + 10
    while len(inbox(portal, *to)) < since + count:
        assert time.monotonic() < limit, inbox(portal, *to)[since:]
        time.sleep(0.01)
    return inbox(portal, *to)[since:]


def inbox(portal: Portal, *to: str | None) -> list[dict[str, Any]]:
    return [message for message in portal.messages() if not to or message["to"] in to]


def settled(portal: Portal) -> list[dict[str, Any]]:
    """All messages, once none is on its way."""
    url, limit = portal.settings["database_url"], time.monotonic() + 10
    waiting = "SELECT (SELECT count(*) FROM sms_order)"
    waiting += " + (SELECT count(*) FROM delivery WHERE state = 'WAITING') AS found"
    while query(url, waiting) != [{"found": 0}]:
        assert time.monotonic() < limit, portal.messages()
        time.sleep(0.01)
    return portal.messages()


async def signs_in(browser: Browser, one: SampleCustomer) -> int:
    """Sign in by SMS in a new browser; how many messages she had by then, with the one that tells of it."""
    hers = (one.row.phone, one.row.email)
    settled(browser.portal)
    sent = len(inbox(browser.portal, *hers))
    signed_in = await browser.sign_in(one.sign_in_numbers[0], DEMO_CODE, surely=True)
    assert signed_in["__typename"] == "SignedIn"
    told = messages(browser.portal, *hers, since=sent, count=2)
    assert [message["to"] for message in told] == list(hers)
    return sent + 2


def code_in(message: dict[str, Any]) -> str:
    (code,) = re.findall(r"code (\d{6})", message["body"])
    return str(code)


async def test_a_forgotten_code_is_replaced_with_an_sms_and_closes_other_sessions(
    shared_portal: Portal,
) -> None:
    one = sample_customer("D'Amico")
    number, phone = one.sign_in_numbers[0], one.row.phone
    assert phone is not None
    async with Browser(shared_portal) as browser, Browser(shared_portal) as elsewhere:
        sent = await signs_in(elsewhere, one)

        step = await browser.begin("recoverCode", number)
        assert step["__typename"] == "PhoneStep"
        step = await browser.confirm_phone(step, phone)
        assert step["__typename"] == "SmsCodeStep"
        (sms,) = messages(shared_portal, phone, one.row.email, since=sent, count=1)
        assert (sms["channel"], sms["to"]) == ("SMS", phone)
        assert step["smsReference"] in sms["body"]
        wrong = await browser.enter_sms_code(step, "000000")
        assert wrong["__typename"] == "WrongCode"
        step = await browser.enter_sms_code(step, code_in(sms))
        assert step["__typename"] == "NewCodeStep"
        differ = await browser.choose_code(step, NEW_CODE, again="850275")
        assert differ["__typename"] == "CodesDiffer"
        assert (await browser.choose_code(differ["next"], NEW_CODE))["__typename"] == "SignedIn"

        assert (await elsewhere.ask(PROFILE))["customer"] is None
        assert (await elsewhere.sign_in(number, DEMO_CODE))["__typename"] == "WrongCredentials"
        step = await elsewhere.enter_code(await elsewhere.begin("logIn", number), NEW_CODE)
        assert step["__typename"] == "SmsCodeStep"  # no device of before is trusted
        step = await elsewhere.enter_sms_code(step, await elsewhere.sms_code(step))
        assert step["__typename"] == "SignedIn"


async def test_a_first_connection_ends_signed_in_with_the_code_chosen(shared_portal: Portal) -> None:
    one = sample_customer("N'Diaye")
    assert one.role.access is Access.NEVER_CONNECTED
    number, phone, email = one.sign_in_numbers[0], one.row.phone, one.row.email
    assert phone is not None
    async with Browser(shared_portal) as browser:
        step = await browser.begin("connectFirstTime", number)
        step = await browser.confirm_phone(step, "0" + phone.removeprefix("+33"))
        (sms,) = messages(shared_portal, phone, email, since=0, count=1)
        step = await browser.enter_sms_code(step, code_in(sms))
        assert (await browser.choose_code(step, NEW_CODE))["__typename"] == "SignedIn"
        told = messages(shared_portal, phone, email, since=1, count=3)
        assert {(message["to"], message["subject"]) for message in told} == {
            (phone, CODE_CHOSEN),
            (email, CODE_CHOSEN),
            (email, NEW_DEVICE),
        }
    async with Browser(shared_portal) as later:
        assert (await later.sign_in(number, NEW_CODE))["__typename"] == "SignedIn"


async def test_an_sms_goes_to_no_other_phone_and_the_answer_does_not_say_so(shared_portal: Portal) -> None:
    number, sent = sample_customer("Whitcombe").sign_in_numbers[0], settled(shared_portal)
    async with Browser(shared_portal) as browser:
        for identifier in (number, "30600000000000017"):
            step = await browser.begin("recoverCode", identifier)
            step = await browser.confirm_phone(step, "0612345678")
            assert step["__typename"] == "SmsCodeStep"
            refused = await browser.enter_sms_code(step, "123456")
            assert refused["__typename"] == "WrongCode"
    assert settled(shared_portal) == sent


async def test_a_phone_changes_once_confirmed_and_those_on_file_are_warned(shared_portal: Portal) -> None:
    one, new = sample_customer("Guézennec"), "+33730009876"
    async with Browser(shared_portal) as browser:
        sent = await signs_in(browser, one)

        change = (await browser.ask(CHANGE_PHONE, to="07 30 00 98 76"))["changed"]["change"]

        asked = {
            message["to"]: message
            for message in messages(shared_portal, new, one.row.phone, one.row.email, since=sent, count=3)
        }
        assert asked.keys() == {new, one.row.phone, one.row.email}
        assert change["reference"] in asked[new]["body"]
        assert new not in asked[one.row.phone]["body"]
        assert (await browser.ask(PROFILE))["customer"]["pendingChanges"] == [{"id": change["id"]}]
        code = code_in(asked[new])
        done = (await browser.ask(CONFIRM, id=change["id"], code=code))["changed"]
        told = messages(shared_portal, new, one.row.phone, one.row.email, since=sent + 3, count=3)
        assert {message["to"] for message in told} == {new, one.row.phone, one.row.email}
        assert done["customer"]["phone"]["masked"].endswith("76")
        again = (await browser.ask(CONFIRM, id=change["id"], code=code))["changed"]
        assert again["code"] == "CONFIRMATION_OVER"


async def test_an_email_address_changes_once_confirmed_and_those_on_file_are_warned(
    shared_portal: Portal,
) -> None:
    one, new = sample_customer("Müller"), "zoe@example.org"
    async with Browser(shared_portal) as browser:
        sent = await signs_in(browser, one)

        change = (await browser.ask(CHANGE_EMAIL, to=new))["changed"]["change"]

        asked = {
            message["to"]: message
            for message in messages(shared_portal, new, one.row.phone, one.row.email, since=sent, count=3)
        }
        assert asked.keys() == {new, one.row.phone, one.row.email}
        assert change["reference"] in asked[new]["subject"]
        done = (await browser.ask(CONFIRM, id=change["id"], code=code_in(asked[new])))["changed"]
        told = messages(shared_portal, new, one.row.phone, one.row.email, since=sent + 3, count=3)
        assert {message["to"] for message in told} == {new, one.row.phone, one.row.email}
        assert done["customer"]["email"]["masked"].endswith("@example.org")


async def test_an_address_is_changed_once_from_each_version(shared_portal: Portal) -> None:
    async with Browser(shared_portal) as browser:
        await browser.sign_in(sample_customer("Boëdec").sign_in_numbers[0], DEMO_CODE)
        version = (await browser.ask(PROFILE))["customer"]["version"]
        changed = (await browser.ask(CHANGE_ADDRESS, version=version))["changed"]
        assert changed["customer"] == {
            "version": version + 1,
            "postalAddress": {"lines": ["3 rue du Port"], "postalCode": "29200", "city": "Brest"},
        }
        again = (await browser.ask(CHANGE_ADDRESS, version=version))["changed"]
        assert again["__typename"] == "VersionConflict"
