"""What is wanted of a contract of the cast, and what all its rows share."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import TypeAlias

from domain.money import Cents
from domain.rates import MONTHS_IN_YEAR, Rate, period_rate, rounded
from feed.sample.rows import CardRow, ContractRow, InstalmentRow, OperationRow, StatementRow
from models import ContractKind, StatementDelivery

CURRENCY = "EUR"
INSURANCE_LABEL = "Assurance décès, invalidité, incapacité"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """A revolving credit, or a card account when it bears no interest and is paid in full each month.

    Months and instalments count back from today: `regularised=8` is the eighth instalment before now.
    """

    limit_cents: Cents
    apr: Rate | None = None
    months: int = 24
    signed_days_ago: int | None = None
    draw_days: int | None = None  # a transfer to the bank account about this often
    pace: float | None = None  # with a card, used this much
    used_share_max: Decimal = Decimal("0.85")
    insured: bool = False
    missed: int = 0
    regularised: int | None = None
    deferred: int | None = None
    idle_months: int = 0  # nothing used for so long
    suspended: bool = False
    ended_months_ago: int | None = None
    extra_repayments: bool = False
    eventful: bool = False  # a dispute, a reversal, refunds, something pending
    card_renewed: bool = False
    fee_waived: bool = False

    @property
    def kind(self) -> ContractKind:
        return ContractKind.CARD_ACCOUNT if self.apr is None else ContractKind.REVOLVING_CREDIT

    @property
    def borrowing_rate(self) -> Rate | None:
        """The rate whose twelfth, compounded, gives the APR."""
        return None if self.apr is None else rounded(period_rate(self.apr) * MONTHS_IN_YEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanPlan:
    """A loan repaid in equal instalments, of which `due` have fallen due; with debts, a consolidation."""

    principal_cents: Cents
    rate: Rate
    months: int
    due: int = 0
    signed_days_ago: int | None = None
    insurance_monthly_cents: Cents = 0
    missed: int = 0
    regularised: int | None = None
    repaid_early: bool = False  # the last of the `due` instalments is followed by all the rest
    ended_months_ago: int = 0  # when the last of them fell due
    debts: tuple[tuple[str, Cents], ...] = ()

    @property
    def kind(self) -> ContractKind:
        return ContractKind.DEBT_CONSOLIDATION if self.debts else ContractKind.PERSONAL_LOAN


Plan: TypeAlias = LinePlan | LoanPlan


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers of one contract, and the chance that plays in it alone."""

    customer: str
    contract: str
    account_number: str
    card_numbers: tuple[str, str]
    iban: str
    debit_day: int
    delivery: StatementDelivery
    chance: Random


@dataclass(frozen=True, slots=True)
class History:
    """All rows of one contract."""

    contract: ContractRow
    cards: list[CardRow] = field(default_factory=list)
    instalments: list[InstalmentRow] = field(default_factory=list)
    statements: list[StatementRow] = field(default_factory=list)
    operations: list[OperationRow] = field(default_factory=list)
