"""Purchases that look like a life: rhythm, prices, subscriptions, and things that go wrong."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest

from feed.sample.merchants import SUBSCRIPTIONS, TRADES, TRADES_BY_CATEGORY
from feed.sample.spending import FATES_BY_AGE, Fate, Spend, drawdowns, purchases, with_fates
from models import OperationKind

FIRST, TODAY = date(2024, 11, 20), date(2026, 11, 22)
FIXED = {subscription.merchant: subscription for subscription in SUBSCRIPTIONS}


@pytest.fixture
def life() -> list[Spend]:
    return purchases(FIRST, TODAY, 1, Random("a life"))


def test_at_pace_one_about_ten_purchases_a_week(life: list[Spend]) -> None:
    weeks = (TODAY - FIRST).days / 7
    assert 9 < len(life) / weeks < 13


def test_saturdays_are_for_groceries(life: list[Spend]) -> None:
    days = Counter(spend.on.weekday() for spend in life if spend.category == "GROCERIES")
    assert days.most_common(1)[0][0] == 5
    assert days[5] > 2 * days[0]


def test_prices_are_those_of_the_trade(life: list[Spend]) -> None:
    for spend in life:
        if spend.merchant not in FIXED and spend.category:
            trade = TRADES_BY_CATEGORY[spend.category]
            assert trade.low_cents - 100 < spend.cents < trade.high_cents + 100
            assert spend.merchant in trade.merchants


def test_subscriptions_come_each_month_and_rise_once(life: list[Spend]) -> None:
    bills = [spend for spend in life if spend.merchant in FIXED]
    assert len({spend.merchant for spend in bills}) == 4
    for merchant in {spend.merchant for spend in bills}:
        known = FIXED[str(merchant)]
        prices = [spend.cents for spend in bills if spend.merchant == merchant]
        assert 23 <= len(prices) <= 25
        risen = prices.index(known.risen_cents)
        assert prices == [known.cents] * risen + [known.risen_cents] * (len(prices) - risen)
        assert {spend.on.day for spend in bills if spend.merchant == merchant} == {known.day}


def test_a_purchase_is_booked_within_three_days(life: list[Spend]) -> None:
    assert {(spend.booked_on - spend.on).days for spend in life} == {1, 2, 3}
    assert [spend.booked_on for spend in life] == sorted(spend.booked_on for spend in life)


def test_drawings_are_in_tens_of_euros_on_working_days_after_the_first() -> None:
    drawn = drawdowns(FIRST, TODAY, 100, 3_000_00, Random("drawings"))
    assert 4 <= len(drawn) <= 12
    assert drawn[0].on == FIRST
    assert all(spend.cents % 10_00 == 0 for spend in drawn)
    assert all(spend.on.weekday() < 5 and spend.kind is OperationKind.DRAWDOWN for spend in drawn)


def test_fates_befall_purchases_that_are_settled(life: list[Spend]) -> None:
    fated = with_fates(life, TODAY)
    unlucky = [spend for spend in fated if spend.fate is not Fate.KEPT]
    assert sorted(spend.fate.value for spend in unlucky) == sorted(
        fate.value for fate in FATES_BY_AGE.values()
    )
    assert all(TODAY - spend.on >= timedelta(days=12) for spend in unlucky)
    assert fated[-1].on == TODAY < fated[-1].booked_on
    assert len(fated) == len(life) + 1


def test_fates_need_a_purchase() -> None:
    assert [spend.fate for spend in with_fates([], TODAY)] == [Fate.KEPT]


def test_categories_are_codes_the_format_takes() -> None:
    for category in [trade.category for trade in TRADES] + [known.category for known in SUBSCRIPTIONS]:
        assert category.isupper()
        assert category.isalpha()
        assert len(category) <= 24
