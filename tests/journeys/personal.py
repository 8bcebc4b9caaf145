"""What may be written nowhere but where it is meant for: what tells who a customer is, what opens a door.

Looked for in what each server wrote, and in the errors that browsers were given. Titles, cities, postal codes
and amounts are left out: many share them, and so do ports, counts and dates. So is one first name, Côme:
without its accent it is an English word. Names and codes count as whole words only ("Pé" is in "été", and six
digits are in every long number); all else counts wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from functools import cache

from babel.dates import format_date

from domain.folding import folded
from feed.sample.customers import SampleCustomer, sample_customers
from feed.sample.demo import DEMO_CODE
from tests.journeys.portal import Portal

LEFT_OUT = {"come"}
WORD = re.compile(r"[^\W\d_]+|[0-9]{6}|[0-9]{10}")
COUNTRY_CODE = re.compile(r"\+(?:33|590|596)")


@cache
def the_cast() -> tuple[SampleCustomer, ...]:
    """The sample customers of today."""
    return tuple(sample_customers(date.today()))


def sample_customer(last_name: str) -> SampleCustomer:
    return next(one for one in the_cast() if one.row.last_name == last_name)


@cache
def phones() -> dict[str, str]:
    """Where a code by SMS goes, by what is typed to sign in."""
    return {number: one.row.phone or "" for one in the_cast() for number in one.sign_in_numbers}


def personal(one: SampleCustomer) -> set[str]:
    """Every value by which the customer could be known, in the forms people write them in."""
    row, found = one.row, set(one.sign_in_numbers)
    found |= {row.first_names, row.last_name, row.address_line_1, row.email or "", row.phone or ""}
    found |= {
        str(row.birth_date),
        row.birth_date.strftime("%d/%m/%Y"),
        format_date(row.birth_date, locale="fr"),
        format_date(row.birth_date, "long", locale="fr"),
    }
    found |= dialled(row.phone) if row.phone else set()
    for history in one.histories:
        found |= {history.contract.iban or "", *(card.number for card in history.cards)}
    return {form for value in found - {""} for form in (value, _in_fours(value))}


def dialled(phone: str) -> set[str]:
    """+33730003957 and as it is dialled at home, with and without spaces."""
    subscriber = COUNTRY_CODE.sub("", phone)
    pairs = re.findall("..", f"0{subscriber}")
    return {phone, subscriber, f"0{subscriber}", " ".join(pairs), ".".join(pairs)}


def _in_fours(value: str) -> str:
    """An IBAN or a card's number as it is printed."""
    is_long = len(value) > 14 and value.isalnum() and any(map(str.isdigit, value))
    return " ".join(re.findall("..?.?.?", value)) if is_long else value


@cache
def of_the_cast() -> frozenset[str]:
    """All of all sample customers, and the secret code they share, as `folded` spells it."""
    found = {folded(value) for one in the_cast() for value in personal(one)}
    return frozenset((found | {DEMO_CODE}) - LEFT_OUT)


def looked_for(portal: Portal) -> frozenset[str]:
    """What nobody may read in a server's log: all that, and the codes and tokens of its browsers."""
    return of_the_cast().union(folded(value) for value in portal.held)


def spilled_by(portal: Portal) -> list[str]:
    """What of it a server wrote, or told in an error to a browser that had not typed it."""
    wanted = looked_for(portal)
    found = spilled(portal.said, wanted)
    for asked, errors in portal.refusals:
        typed = folded(asked)
        found += [value for value in spilled(errors, wanted) if value not in typed]
    return found


def spilled(text: str, wanted: Collection[str]) -> list[str]:
    """Which of these values, as `folded` spells them, a text holds."""
    said = folded(text)
    return sorted(value for value in wanted if value in said and _stands_in(value, said))


def _stands_in(value: str, text: str) -> bool:
    if not WORD.fullmatch(value):
        return True
    return re.search(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])", text) is not None
