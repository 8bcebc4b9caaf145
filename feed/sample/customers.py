"""Everything of every customer of the cast, for one day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TypeVar

from feed.sample import numbers
from feed.sample.cast import CAST, DEMO, Role
from feed.sample.demo import DEMO_NUMBER
from feed.sample.line_histories import line_history
from feed.sample.loan_histories import loan_history
from feed.sample.people import People
from feed.sample.plans import History, LinePlan, Plan, Terms
from feed.sample.rows import CustomerRow, Row
from models import ContractKind

R = TypeVar("R", bound=Row)

DEBIT_DAYS = (5, 6, 8, 9)  # soon after salaries are paid
PREFIXES = {
    ContractKind.REVOLVING_CREDIT: "CR",
    ContractKind.CARD_ACCOUNT: "CC",
    ContractKind.PERSONAL_LOAN: "PP",
    ContractKind.DEBT_CONSOLIDATION: "RC",
}


@dataclass(frozen=True, slots=True)
class SampleCustomer:
    """One customer, and the histories of the contracts held."""

    role: Role
    row: CustomerRow
    histories: tuple[History, ...]

    def rows(self, kind: type[R]) -> Iterator[R]:
        """The rows of one file."""
        for row in (self.row, *self._contract_rows()):
            if isinstance(row, kind):
                yield row

    def _contract_rows(self) -> Iterator[Row]:
        for history in self.histories:
            yield history.contract
            yield from history.cards
            yield from history.instalments
            yield from history.statements
            yield from history.operations

    @property
    def sign_in_numbers(self) -> tuple[str, ...]:
        """What the customer may type to sign in: account numbers first, then file numbers."""
        contracts = [history.contract for history in self.histories]
        accounts = [contract.account_number for contract in contracts if contract.account_number]
        return (*accounts, *(contract.contract for contract in contracts))


def sample_customers(today: date, cast: Sequence[Role] = CAST) -> Iterator[SampleCustomer]:
    """The whole cast, the demonstration customer first; the same for the same day."""
    people = People()
    for number, role in enumerate(cast, start=1):
        reference = f"CL{number:05d}"
        row = people.customer(role, reference, Random(f"customer {number}"))
        histories = (
            _history(plan, _terms(role, plan, number, rank), today)
            for rank, plan in enumerate(role.plans, start=1)
        )
        yield SampleCustomer(role, row, tuple(histories))


def _history(plan: Plan, terms: Terms, today: date) -> History:
    return (
        line_history(plan, terms, today) if isinstance(plan, LinePlan) else loan_history(plan, terms, today)
    )


def _terms(role: Role, plan: Plan, customer: int, rank: int) -> Terms:
    """Each contract has its own chance, so a change of one changes no other."""
    chance = Random(f"customer {customer}, contract {rank}")
    account, *cards = (numbers.long_number(customer, 10 * rank + place, chance) for place in range(3))
    first, second = cards
    return Terms(
        f"CL{customer:05d}",
        numbers.file_number(PREFIXES[plan.kind], customer, rank, chance),
        DEMO_NUMBER if role is DEMO and rank == 1 else account,
        (first, second),
        numbers.iban(Random(f"customer {customer}, bank")),
        chance.choice(DEBIT_DAYS),
        role.delivery,
        chance,
    )
