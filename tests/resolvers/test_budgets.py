"""Who pays for an operation, and how much they may spend."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.staff import Staff
from gateways import Gateways
from models import Customer, Session
from models.backends.errors import DatabaseTrouble
from resolvers import budgets, sessions
from resolvers.budgets import Charge, OverBudget
from resolvers.context import Context
from tests import cast
from tests.conftest import NOON, Clock

IN_A_MINUTE = NOON + timedelta(minutes=1)
CUSTOMERS, STRANGERS, STAFF = 3_000_000, 3_000_000, 10_000_000


def staff(gateways: Gateways, subject: str, **given: Any) -> Context:
    """An operation of a member of staff."""
    known = Staff(subject=subject, scopes=frozenset(), expires_at=NOON + timedelta(hours=1))
    return Context(gateways=gateways, address="192.0.2.1", staff=known, **given)


def stranger(gateways: Gateways, address: str, **given: Any) -> Context:
    return Context(gateways=gateways, address=address, **given)


async def test_a_customer_pays_from_one_budget_in_all_sessions(gateways: Gateways, camille: Customer) -> None:
    one, other = await cast.signed_in(gateways, camille), await cast.signed_in(gateways, camille)

    charges = [await budgets.charge(one, 100), await budgets.charge(other, 50)]

    assert one.session_token != other.session_token
    assert charges == [
        Charge(100, CUSTOMERS, CUSTOMERS - 100, IN_A_MINUTE),
        Charge(50, CUSTOMERS, CUSTOMERS - 150, IN_A_MINUTE),
    ]
    assert [one.charge, other.charge] == charges


async def test_what_does_not_fit_is_refused_and_not_charged(hers: Context) -> None:
    await budgets.charge(hers, CUSTOMERS - 10)

    refused = await budgets.charge(hers, 11)
    smaller = await budgets.charge(hers, 10)

    assert refused == OverBudget(11, CUSTOMERS, 10, IN_A_MINUTE)
    assert smaller == Charge(10, CUSTOMERS, 0, IN_A_MINUTE)


async def test_customers_do_not_pay_for_each_other(gateways: Gateways, hers: Context) -> None:
    his = await cast.signed_in(gateways, await cast.marc())
    await budgets.charge(hers, CUSTOMERS)

    assert await budgets.charge(his, 1) == Charge(1, CUSTOMERS, CUSTOMERS - 1, IN_A_MINUTE)


async def test_paying_does_not_prolong_a_session(hers: Context, camille: Customer, clock: Clock) -> None:
    clock.now += timedelta(minutes=4)

    await budgets.charge(hers, 1)

    assert (await Session.owned_by(camille.id).get()).seen_at == NOON


async def test_staff_pay_by_name_whatever_cookies_came_along(gateways: Gateways, hers: Context) -> None:
    anne = staff(gateways, "anne", session_token=hers.session_token)

    charges = [await budgets.charge(who, 5) for who in (anne, anne, staff(gateways, "luc"), hers)]

    assert [(charge.limit, charge.remaining) for charge in charges] == [
        (STAFF, STAFF - 5),
        (STAFF, STAFF - 10),
        (STAFF, STAFF - 5),
        (CUSTOMERS, CUSTOMERS - 5),
    ]


async def test_strangers_share_the_budget_of_their_network(database: str, gateways: Gateways) -> None:
    addresses = ("192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1")

    charges = [await budgets.charge(stranger(gateways, address), 5) for address in addresses]

    assert {charge.limit for charge in charges} == {STRANGERS}
    assert [STRANGERS - charge.remaining for charge in charges] == [5, 5, 10, 5, 10, 5]


async def test_forged_and_closed_sessions_pay_as_strangers(gateways: Gateways, hers: Context) -> None:
    token = hers.session_token
    forged = stranger(gateways, "192.0.2.9", session_token="AAAAAAAAAAE.forged")
    await sessions.sign_out(hers, everywhere=True)
    closed = stranger(gateways, "192.0.2.9", session_token=token)

    charges = [await budgets.charge(forged, 5), await budgets.charge(closed, 5)]

    assert charges == [
        Charge(5, STRANGERS, STRANGERS - 5, IN_A_MINUTE),
        Charge(5, STRANGERS, STRANGERS - 10, IN_A_MINUTE),
    ]


async def test_who_only_chooses_a_code_does_not_spend_what_is_the_customers(
    gateways: Gateways, camille: Customer
) -> None:
    opened = await sessions.open_session(gateways, camille.id, strong_at=None, provisional=True)
    choosing = stranger(gateways, "192.0.2.9", session_token=opened.cookie.token)

    assert (await budgets.charge(choosing, 5)).limit == STRANGERS


async def test_without_a_database_whoever_asks_pays_as_a_stranger(hers: Context) -> None:
    class Lost(Context):
        async def session(self) -> Session | None:
            raise DatabaseTrouble("gone")

    lost = Lost(gateways=hers.gateways, address="192.0.2.9", session_token=hers.session_token)

    assert (await budgets.charge(lost, 5)).limit == STRANGERS


async def test_limits_are_settings(gateways: Gateways, camille: Customer) -> None:
    small = gateways.settings.model_copy(update={"budget_of_customers": 20})
    hers = await cast.signed_in(replace(gateways, settings=small), camille)

    assert await budgets.charge(hers, 21) == OverBudget(21, 20, 20, IN_A_MINUTE)


async def test_looking_at_the_budget_tells_the_charge_or_costs_nothing(
    gateways: Gateways, hers: Context
) -> None:
    uncharged = await budgets.charged(await cast.signed_in(gateways, await cast.marc()))
    charge = await budgets.charge(hers, 7)

    assert uncharged == Charge(0, CUSTOMERS, CUSTOMERS, IN_A_MINUTE)
    assert await budgets.charged(hers) is charge
