"""The sample of some awkward days, each made once."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from feed.sample.customers import SampleCustomer, sample_customers
from feed.sample.plans import History

# A Sunday, two 29 February, ends and first days of months and years, days around the change of law.
DAYS = (
    date(2026, 11, 22),
    date(2024, 2, 29),
    date(2028, 2, 29),
    date(2026, 2, 28),
    date(2027, 1, 1),
    date(2025, 12, 31),
    date(2026, 8, 31),
    date(2026, 11, 19),
    date(2027, 3, 13),
    date(2026, 5, 20),
)


@cache
def cast_on(today: date) -> tuple[SampleCustomer, ...]:
    return tuple(sample_customers(today))


@pytest.fixture(params=DAYS, ids=str)
def today(request: pytest.FixtureRequest) -> date:
    day: date = request.param
    return day


@pytest.fixture
def cast(today: date) -> tuple[SampleCustomer, ...]:
    return cast_on(today)


@pytest.fixture
def histories(cast: tuple[SampleCustomer, ...]) -> list[History]:
    return [history for customer in cast for history in customer.histories]


@pytest.fixture
def lines(histories: list[History]) -> list[History]:
    """Revolving credits and card accounts."""
    return [history for history in histories if history.contract.credit_limit is not None]


@pytest.fixture
def credits(lines: list[History]) -> list[History]:
    return [history for history in lines if history.contract.apr is not None]


@pytest.fixture
def loans(histories: list[History]) -> list[History]:
    return [history for history in histories if history.contract.principal is not None]
