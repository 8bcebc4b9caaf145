"""Made-up customers with all that can be asked for, many of them alike in what lists are sorted by.

The same seed makes the same rows, with the same ids, on every database. Two customers have rows of the same
ids, one has nothing, one more contracts than a statement asks for at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from tortoise.models import Model

import models
from domain.audit import AuditKind
from domain.folding import folded
from gateways import Gateways
from models import ContractKind, ContractStatus
from tests import cast
from tests.conftest import NOON

WIDE = 60  # contracts, more than `BRANCHES_MAX`
DAYS = [date(2026, 6, 15), date(2026, 6, 14), date(2026, 3, 17), date(2026, 3, 16), date(2025, 12, 31)]
LABELS = ["Achat", "Épicerie du Port", "100 % bio_", 'O\'Brien "et" \\ fils', "Ünïcødé 🦊", "x" * 120]
CENTS = [0, 1, -1, 1_250, 1_250, -99_999, 9_007_199_254_740_991]
KINDS = list(ContractKind)
# In this order, for each names others.
SAVED: tuple[type[Model], ...] = (
    models.Contract,
    models.Card,
    models.Instalment,
    models.Statement,
    models.Operation,
    models.AuditEvent,
)

M = TypeVar("M", bound=Model)


@dataclass
class World:
    """The rows of one seed, and the cookies of sessions in it."""

    seed: int
    customers: list[models.Customer] = field(default_factory=list)
    rows: dict[type[Model], list[Any]] = field(default_factory=dict)
    tokens: dict[int, list[str]] = field(default_factory=dict)  # by the place of their customer

    def of(self, table: type[Model], customer_id: int | None = None) -> list[Any]:
        """Rows of a table, of one customer or of all."""
        rows = self.rows.get(table, [])
        return [row for row in rows if customer_id in (None, row.customer_id)]


class Maker:
    """Makes the rows of a world."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"world {seed}")
        self.world = World(seed)
        self._numbers = 0
        self._ids: list[int] | None = None
        self._last_id = self._random.randrange(1, 1_000)

    async def make(self, gateways: Gateways) -> World:
        """Make and save all of it."""
        world, chance = self.world, self._random
        for place in range(5):
            owner = self._customer(place)
            world.customers.append(owner)
        rich, neighbour, _empty, wide, other = world.customers
        before = self._last_id
        self._contracts(rich, [*KINDS, *chance.choices(KINDS, k=3)])
        self._last_id = before  # the neighbour's rows have the ids of the rich one's
        self._contracts(neighbour, [*KINDS, *chance.choices(KINDS, k=3)])
        self._contracts(wide, chance.choices(KINDS, k=WIDE), most=2)
        self._contracts(other, chance.choices(KINDS, k=2))
        for owner in (rich, neighbour, other):
            self._events(owner)
        await models.Customer.bulk_create(world.customers)
        for table in SAVED:
            await table.bulk_create(world.of(table))
        for place, owner in enumerate(world.customers):
            world.tokens[place] = [token async for token in self._sessions(gateways, owner)]
        return world

    def _id(self) -> int:
        self._last_id += self._random.choice((1, 1, 1, 2, 17))
        return self._last_id

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _keep(self, row: M) -> M:
        self.world.rows.setdefault(type(row), []).append(row)
        return row

    def _customer(self, place: int) -> models.Customer:
        chance, known = self._random, place % 2 == 0
        return models.Customer(
            id=self._id(),
            reference=f"W{place}",
            title=chance.choice([None, *models.Title]),
            first_names=chance.choice(["Camille", "Inès Maud", "Ünï"]),
            last_name=chance.choice(["Durand", "O'Brien", "Haddad"]),
            birth_date=chance.choice([None, date(1988, 3, 14), date(1, 1, 1)]),
            email="camille@exemple.fr" if known else None,
            email_verified_at=NOON - timedelta(days=3, microseconds=7) if known else None,
            phone="+33612345601" if known else None,
            phone_verified_at=NOON if known else None,
            phone_changed_at=chance.choice([None, NOON, NOON - timedelta(days=200)]),
            address_lines=["8 rue des Lilas", "Étage 3"] if known else [],
            postal_code="33000" if known else None,
            city="Bordeaux" if known else None,
            country_code="FR" if known else None,
            locale=chance.choice(list(models.Locale)),
            created_at=NOON - timedelta(days=400),
        )

    def _contracts(self, owner: models.Customer, kinds: Iterable[ContractKind], most: int = 9) -> None:
        for kind in kinds:
            contract = self._contract(owner, kind)
            cards = [self._card(contract) for _ in range(self._random.randrange(min(most, 4)))]
            statements = self._statements(contract, self._random.randrange(most))
            for number in range(1, 1 + self._random.randrange(most)):
                self._instalment(contract, number)
            for _ in range(self._random.randrange(3 * most)):
                self._operation(contract, cards, statements)

    def _contract(self, owner: models.Customer, kind: ContractKind) -> models.Contract:
        chance, number = self._random, self._number()
        status = chance.choice(list(ContractStatus))
        line = kind in (ContractKind.REVOLVING_CREDIT, ContractKind.CARD_ACCOUNT)
        signed_on = chance.choice(DAYS)
        return self._keep(
            models.Contract(
                id=self._id(),
                customer_id=owner.id,
                file_number=f"F-{number:06d}",
                account_number=f"3060{number:013d}" if line else None,
                kind=kind,
                status=status,
                regime=chance.choice(["LAGARDE_2011", "CCD2_2026"]),
                label=chance.choice(LABELS)[:80],
                currency="EUR",
                signed_on=signed_on,
                closed_on=signed_on + timedelta(days=30) if status is ContractStatus.CLOSED else None,
                ends_on=None if line else date(2028, 2, 5),
                borrowing_rate_yearly=chance.choice([None, "0.199", "0.0", "0.123456"]),
                apr_yearly=chance.choice([None, "0.2098"]),
                credit_limit_cents=300_000 if line else None,
                principal_cents=None if line else 500_000,
                outstanding_cents=chance.choice([0, 120_000, 400_000]),
                months=None if line else 48,
                debit_day=chance.choice([None, 5, 31]),
                iban=chance.choice([None, "FR7630006000011234567890189"]),
                insurance_label=chance.choice([None, "Assurance"]),
                insurance_monthly_cents=chance.choice([None, 0, 990]),
                statement_delivery=chance.choice(list(models.StatementDelivery)),
            )
        )

    def _card(self, of: models.Contract) -> models.Card:
        return self._keep(
            models.Card(
                id=self._id(),
                customer_id=of.customer_id,
                contract_id=of.id,
                number=f"3060{self._number():013d}",
                expires_on=self._random.choice(DAYS[:2]),  # many alike
                status=self._random.choice(list(models.CardStatus)),
            )
        )

    def _instalment(self, of: models.Contract, number: int) -> models.Instalment:
        chance = self._random
        status = chance.choice(list(models.InstalmentStatus))
        return self._keep(
            models.Instalment(
                id=self._id(),
                customer_id=of.customer_id,
                contract_id=of.id,
                number=number,
                due_on=chance.choice(DAYS),
                status=status,
                paid_on=TODAY if status is models.InstalmentStatus.PAID else None,
                payment_cents=10_000,
                principal_cents=9_000,
                interest_cents=1_000,
                outstanding_after_cents=chance.choice([0, 100_000]),
            )
        )

    def _statements(self, of: models.Contract, count: int) -> list[models.Statement]:
        days = self._random.sample(
            [day - timedelta(days=31 * back) for day in DAYS for back in (0, 12)], count
        )
        return [self._statement(of, number, day) for number, day in enumerate(days, start=1)]

    def _statement(self, of: models.Contract, number: int, closed_on: date) -> models.Statement:
        chance = self._random
        return self._keep(
            models.Statement(
                id=self._id(),
                customer_id=of.customer_id,
                contract_id=of.id,
                number=number,
                opened_on=closed_on - timedelta(days=29),
                closed_on=closed_on,
                payment_on=chance.choice([None, closed_on + timedelta(days=9)]),
                opening_balance_cents=chance.choice(CENTS),
                closing_balance_cents=chance.choice(CENTS),
                credit_limit_cents=chance.choice([None, 0, 300_000]),
                available_cents=chance.choice([None, 0, 10]),
                total_due_cents=chance.choice([None, 5]),
                apr_yearly=chance.choice([None, "0.21"]),
            )
        )

    def _operation(
        self, of: models.Contract, cards: list[models.Card], statements: list[models.Statement]
    ) -> models.Operation:
        chance = self._random
        status = chance.choice(list(models.OperationStatus))
        pending = status is models.OperationStatus.PENDING
        label, merchant = chance.choice(LABELS), chance.choice([None, "Épicerie", "AU 8"])
        occurred_on = chance.choice(DAYS)
        statement = None if pending else chance.choice([None, *statements])
        card = chance.choice([None, *cards])
        return self._keep(
            models.Operation(
                id=self._id(),
                customer_id=of.customer_id,
                contract_id=of.id,
                statement_id=statement and statement.id,
                card_id=card and card.id,
                reference=f"O{self._number():06d}",
                kind=chance.choice(list(models.OperationKind)),
                status=status,
                occurred_on=occurred_on,
                booked_on=None if pending else occurred_on,
                label=label,
                merchant=merchant,
                category=chance.choice([None, "GROCERIES", "TRAVEL"]),
                amount_cents=chance.choice(CENTS),
                principal_cents=chance.choice([None, 0, -5]),
                interest_cents=chance.choice([None, 7]),
                search_text=folded(f"{label} {merchant or ''}"),
            )
        )

    def _events(self, owner: models.Customer) -> None:
        chance = self._random
        for number in range(1, chance.randrange(3, 12)):
            wrong = {"wrong_codes_before": chance.randrange(3)} if chance.random() < 0.5 else {}
            purpose = {"purpose": chance.choice(list(models.AccessPurpose)).value}
            self._keep(
                models.AuditEvent(
                    id=self._id(),
                    customer_id=owner.id,
                    number=chance.choice([number, number, number, None]),
                    kind=chance.choice(list(AuditKind)),
                    at=NOON - timedelta(hours=chance.randrange(5), microseconds=chance.randrange(3)),
                    label=chance.choice(["", "Firefox, Windows"]),
                    details=chance.choice([{}, {**wrong, **purpose}]),
                    seal=f"seal {number}",
                )
            )

    async def _sessions(self, gateways: Gateways, owner: models.Customer) -> Any:
        """Cookies of sessions that are sure in different ways, and of some that are worth nothing."""
        await cast.confirmation(gateways, owner, reference="7F")
        for at in SURE:
            yield await cast.session_token(gateways, owner, **at)


TODAY = NOON.date()


def _sure(strong: datetime | None, sms: datetime | None, **columns: Any) -> dict[str, Any]:
    return {"strong_at": strong, "sms_at": sms, "code_at": NOON, **columns}


SURE = [
    _sure(NOON, NOON),
    _sure(NOON - timedelta(days=9), None),
    _sure(NOON - timedelta(minutes=9), NOON - timedelta(minutes=9)),
    _sure(None, None),
    _sure(NOON, NOON, provisional=True),
    _sure(NOON, NOON, closed_at=NOON - timedelta(minutes=1)),
]
