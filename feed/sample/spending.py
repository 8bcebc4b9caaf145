"""What a customer does with a card and a line of credit, before anything is booked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from random import Random

from domain.money import Cents
from feed.sample.days import ONE_DAY, each_day, months_from, working_day
from feed.sample.merchants import CASH_CENTS, SUBSCRIPTIONS, TRADES, Subscription, Trade
from models import OperationKind

RISE_AFTER_MONTHS = 11
CASH_A_DAY = 0.05
ROUND_PRICES = (0, 0, 50, 90, 95, 99)
RETURNABLE = frozenset({"CLOTHING", "HOME", "ELECTRONICS", "DIY", "CHILDREN"})
FATED_CENTS_MAX: Cents = 150_00
SETTLED_AFTER = 12 * ONE_DAY  # booked, and given back if it was


class Fate(Enum):
    """What becomes of a purchase."""

    KEPT = "kept"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    DISPUTED = "disputed"


FATES_BY_AGE = {18: Fate.DISPUTED, 43: Fate.REVERSED, 71: Fate.REFUNDED, 310: Fate.REFUNDED}


@dataclass(frozen=True, slots=True)
class Spend:
    """An amount wanted on a day, booked some days later when the line allows it."""

    kind: OperationKind
    on: date
    booked_on: date
    cents: Cents
    merchant: str | None = None
    category: str | None = None
    fate: Fate = Fate.KEPT


def purchases(first: date, today: date, pace: float, chance: Random) -> list[Spend]:
    """Daily life on a card, in the order it is booked. At pace 1 about ten operations a week."""
    habits = [(trade, chance.choice(trade.merchants)) for trade in TRADES]
    subscriptions = chance.sample(SUBSCRIPTIONS, round(min(pace, 1) * 4))
    spends = [*_subscribed(subscriptions, first, today)]
    for day in each_day(first, today):
        spends += _visits(habits, day, pace, chance)
        if chance.random() < CASH_A_DAY * pace:
            spends.append(Spend(OperationKind.CASH_ADVANCE, day, day + ONE_DAY, chance.choice(CASH_CENTS)))
    return sorted(spends, key=lambda spend: (spend.booked_on, spend.on))


def drawdowns(first: date, today: date, each_days: int, limit_cents: Cents, chance: Random) -> list[Spend]:
    """Transfers from the line to the bank account: a large one first, then smaller ones, in tens of euros."""
    spends, day, share = [], first, 0.5
    while day <= today:
        cents = round(limit_cents * share * chance.uniform(0.8, 1.2) / 10_00) * 10_00
        spends.append(Spend(OperationKind.DRAWDOWN, day, day, cents))
        day, share = working_day(day + round(each_days * chance.uniform(0.6, 1.4)) * ONE_DAY), 0.15
    return spends


def with_fates(spends: list[Spend], today: date) -> list[Spend]:
    """Give some purchases of known age an end of their own, and make one today."""
    fated, settled_on = list(spends), today - SETTLED_AFTER
    for age, fate in FATES_BY_AGE.items():
        if shops := [n for n, spend in enumerate(fated) if spend.on <= settled_on and _may_go_wrong(spend)]:
            number = min(shops, key=lambda number: abs((today - fated[number].on).days - age))
            fated[number] = replace(fated[number], fate=fate)
    day, kind = today + ONE_DAY, OperationKind.PURCHASE
    return [*fated, Spend(kind, today, day, 12_40, "Boulangerie Lemoine", "BAKERY")]


def _may_go_wrong(spend: Spend) -> bool:
    """Small enough never to be declined, and from a shop that takes goods back."""
    return spend.fate is Fate.KEPT and spend.category in RETURNABLE and spend.cents <= FATED_CENTS_MAX


def _visits(habits: list[tuple[Trade, str]], day: date, pace: float, chance: Random) -> Iterator[Spend]:
    weekday = day.weekday()
    for trade, usual in habits:
        wanted = trade.visits[weekday] * pace * (2 if day.month in trade.busy_months else 1)
        while wanted > 0:
            if chance.random() < wanted:
                merchant = usual if chance.random() < 0.7 else chance.choice(trade.merchants)
                booked_on = day + chance.choice((1, 1, 2, 3)) * ONE_DAY
                kind, cents = OperationKind.PURCHASE, _price(trade, chance)
                yield Spend(kind, day, booked_on, cents, merchant, trade.category)
            wanted -= 1


def _price(trade: Trade, chance: Random) -> Cents:
    """Small amounts are frequent, large ones rare; half end as prices do, half on any cent."""
    cents = trade.low_cents + int((trade.high_cents - trade.low_cents) * chance.betavariate(1.3, 4))
    return cents if chance.random() < 0.5 else cents - cents % 100 + chance.choice(ROUND_PRICES)


def _subscribed(subscriptions: list[Subscription], first: date, today: date) -> Iterator[Spend]:
    for subscription in subscriptions:
        month = 0
        while (day := months_from(first, month, subscription.day)) <= today:
            risen = month >= RISE_AFTER_MONTHS
            cents = subscription.risen_cents if risen else subscription.cents
            booked_on = day + ONE_DAY
            if day >= first:
                kind = OperationKind.PURCHASE
                yield Spend(kind, day, booked_on, cents, subscription.merchant, subscription.category)
            month += 1
