"""The cast: who holds which contracts, in which state. A customer added at the end changes no other.

Rates stay under the usury ceilings since October 2025, by amount of the credit (C. conso. L314-6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from feed.sample.plans import LinePlan, LoanPlan, Plan
from models import Locale, StatementDelivery

ELECTRONIC, PAPER = StatementDelivery.ELECTRONIC, StatementDelivery.PAPER


class Access(Enum):
    """How a customer stands with the portal."""

    CODE_CHOSEN = "code chosen"
    SEEN_RECENTLY = "signed in recently"
    NEVER_CONNECTED = "first connection not done"
    LOCKED = "locked for a day after wrong codes"
    LOCKED_OUT = "locked until a new code is set"
    PROVISIONAL = "provisional code, new one not chosen"
    PHONE_CHANGING = "new phone number waiting for its code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One customer. Where no name is given one is drawn."""

    plans: tuple[Plan, ...]
    access: Access = Access.CODE_CHOSEN
    name: str | None = None  # title, first names, last name
    born: date | None = None
    region: str = "FR"
    locale: Locale = Locale.FR_FR
    delivery: StatementDelivery = ELECTRONIC
    has_email: bool = True
    has_mobile: bool = True


def _credit(euros: int, apr: str, **more: Any) -> LinePlan:
    """A revolving credit, its APR in percent."""
    return LinePlan(limit_cents=euros * 100, apr=Decimal(apr) / 100, **more)


def _card(euros: int, pace: float, **more: Any) -> LinePlan:
    """A card account; at pace 1 about ten purchases a week."""
    return LinePlan(limit_cents=euros * 100, pace=pace, **more)


def _loan(euros: int, rate: str, months: int, due: int = 0, insured: str = "0", **more: Any) -> LoanPlan:
    """A loan, its rate in percent, its monthly insurance in euros; `due` instalments fell due by now."""
    return LoanPlan(
        principal_cents=euros * 100,
        rate=Decimal(rate) / 100,
        months=months,
        due=due,
        insurance_monthly_cents=int(Decimal(insured) * 100),
        **more,
    )


def _role(*plans: Plan, **more: Any) -> Role:
    return Role(plans=plans, **more)


def _debts(*debts: tuple[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((creditor, euros * 100) for creditor, euros in debts)


CAR_AND_CARDS = _debts(("auto Banque du Littoral", 11_400), ("renouvelable Crédit Aubépine", 4_850))
FOUR_DEBTS = _debts(
    ("renouvelable Crédit Aubépine", 5_200),
    ("renouvelable Financière Cèdre", 2_950),
    ("travaux Banque du Littoral", 17_300),
    ("personnel Caisse des Vallées", 9_100),
)

DEMO = _role(
    _credit(
        3_000, "20.90", months=25, draw_days=110, pace=0.1, insured=True, deferred=7, extra_repayments=True
    ),
    _card(6_000, 0.9, months=25, eventful=True, card_renewed=True, fee_waived=True),
    _loan(8_000, "5.40", 36, 14, "4.80"),
    _loan(2_400, "6.90", 12, 12, ended_months_ago=5),
    access=Access.SEEN_RECENTLY,
    name="MS Camille Lefèvre",
    born=date(1987, 4, 23),
)

# Each of these shows one thing.
NAMED = (
    _role(_credit(2_000, "21.20", draw_days=90), access=Access.LOCKED_OUT, name="MR Marc Delaunay"),
    _role(
        _loan(5_000, "7.90", 36, signed_days_ago=10), access=Access.NEVER_CONNECTED, name="MS Inès N'Diaye"
    ),
    _role(
        _credit(4_500, "12.60", draw_days=100, insured=True),
        _loan(12_000, "5.10", 60, 23, "7.20"),
        access=Access.PROVISIONAL,
        name="MR Jean-Éric D'Amico",
    ),
    _role(_card(9_000, 2.9), access=Access.SEEN_RECENTLY, name="MS Rose-Marie Le Goff"),
    _role(_credit(1_500, "21.40", months=3), name="MR Gaël Kervoëlen"),
    _role(
        _credit(3_000, "19.90", draw_days=140, pace=0.08, regularised=6),
        _card(2_500, 0.6),
        region="GP",
        name="MS Marie-Ange Célestine",
    ),
    _role(
        _credit(1_200, "21.90", draw_days=150, insured=True),
        name="MS Odette Vauquelin-Brière",
        delivery=PAPER,
        has_email=False,
        has_mobile=False,
        access=Access.NEVER_CONNECTED,
    ),
    _role(
        _loan(15_000, "5.60", 72, 19, "9.75"),
        _card(4_000, 0.8),
        name="MS Eleanor Whitcombe",
        locale=Locale.EN_GB,
        access=Access.SEEN_RECENTLY,
    ),
    _role(_credit(2_500, "20.40", signed_days_ago=2), name="MR Loïc Guézennec"),
    _role(_loan(6_500, "6.20", 48, signed_days_ago=1, insured="3.90"), name="MS Anaïs Boëdec"),
    _role(
        _loan(35_000, "6.10", 120, 17, "24.50", debts=FOUR_DEBTS, missed=2),
        name="MR Thierry Saint-Amand",
        delivery=PAPER,
    ),
    _role(
        _credit(3_000, "20.90", draw_days=80, pace=0.1, missed=1, used_share_max=Decimal("0.75")),
        name="MS Noémie L'Huillier",
        access=Access.PHONE_CHANGING,
    ),
    _role(
        _credit(2_800, "21.10", draw_days=70, missed=4, suspended=True, used_share_max=Decimal("0.70")),
        name="MR Côme de La Tour",
        delivery=PAPER,
        access=Access.LOCKED,
    ),
    _role(_credit(1_000, "21.50", draw_days=900, idle_months=13, suspended=True), name="MS Zoë Müller"),
    _role(_credit(2_000, "20.70", draw_days=120, insured=True, ended_months_ago=3), name="MR Aurélien Pé"),
    _role(
        _loan(9_000, "5.20", 48, 15, "5.40", repaid_early=True, ended_months_ago=2),
        _loan(3_000, "8.40", 18, 18, ended_months_ago=7),
        name="MS Élodie Château-Thibaud",
    ),
    _role(
        _credit(6_000, "12.90", draw_days=95, insured=True, regularised=9),
        _credit(1_500, "21.30", draw_days=160),
        _loan(4_000, "7.40", 24, 11),
        _loan(20_000, "5.30", 84, 30, "13.00", debts=CAR_AND_CARDS),
        name="MR Jérôme Œuvrard",
    ),
    _role(
        _loan(7_500, "6.40", 48, 20, "4.50", missed=1, regularised=5),
        _card(1_800, 0.5, missed=1),
        region="MQ",
        name="MR Steeve Rose-Adélaïde",
        delivery=PAPER,
    ),
)

# The others make the portfolio look like one.
ORDINARY = (
    _role(_credit(3_000, "20.50", draw_days=100, insured=True, months=19)),
    _role(_card(2_000, 0.7, months=22)),
    _role(_loan(10_000, "5.30", 60, 24, "6.00"), access=Access.SEEN_RECENTLY),
    _role(_credit(1_500, "21.60", draw_days=130, pace=0.06, months=25), delivery=PAPER),
    _role(_loan(4_500, "9.20", 36, 8)),
    _role(_card(3_000, 1.1, months=17), _loan(18_000, "5.50", 72, 12, "10.80")),
    _role(_credit(5_000, "12.40", draw_days=120, insured=True, extra_repayments=True, months=23)),
    _role(_loan(28_000, "5.90", 108, 21, "18.20", debts=CAR_AND_CARDS)),
    _role(_credit(2_000, "20.90", draw_days=110, months=14)),
    _role(_card(2_500, 0.8, fee_waived=True, months=21), delivery=PAPER),
    _role(_loan(2_000, "11.50", 24, 24, ended_months_ago=1)),
    _role(_credit(3_000, "21.00", draw_days=90, pace=0.12, months=26), _card(2_200, 0.4, months=9)),
    _role(_loan(14_000, "5.10", 60, 33, "8.40"), delivery=PAPER, has_email=False),
    _role(_credit(1_000, "21.90", draw_days=170, months=18), access=Access.NEVER_CONNECTED),
    _role(_card(4_500, 1.2, eventful=True, months=20), access=Access.SEEN_RECENTLY),
    _role(_loan(6_200, "6.80", 36, 27)),
    _role(_credit(2_600, "20.30", draw_days=105, insured=True, ended_months_ago=8)),
    _role(_loan(16_000, "5.70", 84, 9, "9.60"), _credit(1_500, "21.20", draw_days=140, months=10)),
    _role(_card(2_000, 0.5, months=24), delivery=PAPER),
    _role(_credit(4_000, "12.80", draw_days=85, regularised=4, months=16)),
    _role(_loan(42_000, "6.30", 120, 26, "29.40", debts=FOUR_DEBTS)),
    _role(_loan(3_800, "8.90", 24, 5), region="GP"),
    _role(_credit(3_000, "19.90", draw_days=115, deferred=3, months=25), delivery=PAPER),
    _role(_card(5_000, 1.3, months=22), _credit(2_000, "20.60", draw_days=150, months=19)),
    _role(_loan(11_500, "5.00", 48, 41, "6.90")),
    _role(_credit(1_800, "21.40", draw_days=95, missed=2, used_share_max=Decimal("0.70"), months=23)),
    _role(_loan(7_000, "6.00", 60, 2, "4.20"), access=Access.NEVER_CONNECTED),
    _role(_card(1_500, 0.35, months=5)),
    _role(_credit(3_000, "20.80", draw_days=120, insured=True, months=21), _loan(5_500, "7.60", 36, 18)),
    _role(_loan(9_900, "5.80", 60, 28, repaid_early=True, ended_months_ago=6), delivery=PAPER),
    _role(_credit(2_200, "21.10", draw_days=100, pace=0.09, months=26)),
    _role(_card(3_200, 0.9, months=20), access=Access.SEEN_RECENTLY),
    _role(_loan(24_000, "5.40", 96, 14, "15.60", debts=CAR_AND_CARDS), delivery=PAPER),
    _role(_credit(6_000, "12.20", draw_days=100, insured=True)),
    _role(_loan(3_000, "10.40", 18, 13, missed=1)),
    _role(_card(2_800, 0.75), _loan(13_000, "5.20", 60, 7, "7.80")),
    _role(_credit(1_600, "21.70", draw_days=135, months=7)),
    _role(_loan(8_400, "5.90", 48, 36, "5.00", regularised=11)),
    _role(_card(2_400, 0.65), delivery=PAPER),
    _role(_credit(2_900, "20.20", draw_days=110, extra_repayments=True), locale=Locale.EN_GB),
    _role(_loan(5_200, "7.10", 48, 16)),
)

CAST = (DEMO, *NAMED, *ORDINARY)
