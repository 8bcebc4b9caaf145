"""Enumerations of the tables as clients see them, each value in words."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry
from strawberry.types.enum import EnumValueDefinition

from domain.access import AccessPurpose
from domain.assurance import Assurance
from domain.audit import AuditKind
from domain.codes import Weakness
from domain.regimes import Regime
from domain.staff import StaffScope
from engine.planning.keysets import Order
from models import (
    CardStatus,
    ContractKind,
    ContractStatus,
    InstalmentStatus,
    Locale,
    OperationKind,
    OperationStatus,
    StatementDelivery,
    Title,
)

__all__ = [
    "AccessPurpose",
    "Assurance",
    "AuditKind",
    "CardStatus",
    "ContractKind",
    "ContractStatus",
    "InstalmentStatus",
    "Locale",
    "LocaleArgument",
    "OperationKind",
    "OperationStatus",
    "Regime",
    "Sorting",
    "StaffScope",
    "StatementDelivery",
    "Title",
    "Weakness",
]


class Sorting(Enum):
    """Orders of operations that a client may ask for."""

    NEWEST_FIRST = Order("occurred_on")
    OLDEST_FIRST = Order("occurred_on", descending=False)
    LARGEST_FIRST = Order("amount_cents")
    SMALLEST_FIRST = Order("amount_cents", descending=False)


def _describe(enum: type[Enum], description: str, name: str | None = None, **values: str) -> None:
    """Make a GraphQL enum of `enum`; every value must be described."""
    missing = {member.name for member in enum} ^ set(values)
    assert not missing, f"{enum.__name__}: describe each value once, look at {missing}"
    strawberry.enum(enum, name=name, description=description)
    definition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        assert not isinstance(value, EnumValueDefinition) or value.description is None
        value.description = values[value.name]


_describe(
    Title,
    "How a customer is addressed",
    MS="Madame, Mrs or Ms",
    MR="Monsieur, Mr",
)
_describe(
    Locale,
    "Language and conventions of texts",
    FR_FR="French, as in France",
    EN_GB="English, as in the United Kingdom",
)
_describe(
    ContractKind,
    "Product a contract is for",
    REVOLVING_CREDIT="A line of credit drawn and repaid at will (crédit renouvelable)",
    PERSONAL_LOAN="An amount lent once and repaid by instalments (prêt personnel)",
    DEBT_CONSOLIDATION="A loan that repays other credits (regroupement de crédits)",
    CARD_ACCOUNT="An account whose card purchases are billed by statement",
)
_describe(
    ContractStatus,
    "State of a contract",
    ACTIVE="In force",
    LATE="In force, with instalments missed",
    SUSPENDED="In force, but nothing can be drawn",
    CLOSED="Ended, nothing can be drawn any more",
)
_describe(
    StatementDelivery,
    "How statements reach the customer",
    ELECTRONIC="In the customer area, announced by e-mail",
    PAPER="By post",
)
_describe(
    CardStatus,
    "State of a card",
    ACTIVE="Can be used",
    BLOCKED="Cannot be used",
    EXPIRED="Past its last day",
)
_describe(
    InstalmentStatus,
    "State of an instalment",
    UPCOMING="Not yet due",
    PAID="Paid, on the day that `paidOn` says",
    MISSED="Due and not paid",
    DEFERRED="Moved to a later day by agreement",
)
_describe(
    OperationKind,
    "What an operation is",
    PURCHASE="A purchase by card or on credit",
    CASH_ADVANCE="Cash taken with the card",
    DRAWDOWN="Money of the credit paid to the customer's bank account",
    INSTALMENT="A repayment that was due",
    EARLY_REPAYMENT="A repayment before it was due",
    INTEREST="Interest charged",
    INSURANCE="Payment insurance charged",
    FEE="A fee charged",
    REFUND="A merchant's refund",
    ADJUSTMENT="A correction by the lender",
    WAIVER="A sum the lender gave up",
)
_describe(
    OperationStatus,
    "State of an operation",
    PENDING="Authorised, not booked yet",
    BOOKED="Booked on the contract",
    REVERSED="Booked, then taken back",
    DISPUTED="Contested by the customer",
)
_describe(
    Assurance,
    "How surely the customer is known",
    PROVISIONAL="By a provisional code: may only choose a new secret code",
    CODE_ONLY="By the secret code alone: sees nothing but the next step",
    STRONG="By the secret code, and a code sent by SMS to this browser within 180 days",
    STRONG_IN_SESSION="The same, with the code by SMS given since the session began",
    STRONG_RECENT="The same, within the last five minutes",
)
_describe(
    StaffScope,
    "What a member of staff may do, as the token's `scope` names it in small letters",
    ANALYTICS="See the figures of the whole portfolio",
    ADVISER="Talk to customers",
    UNLOCK="Let a customer in again whose code is locked",
)
_describe(
    Regime,
    "Consumer-credit law a contract is under (ordonnance 2025-880)",
    LAGARDE_2011="Signed before 20 November 2026",
    CCD2_2026="Signed from 20 November 2026 on: directive (EU) 2023/2225",
)
_describe(
    Sorting,
    "Order of a list of operations",
    name="OperationOrder",
    NEWEST_FIRST="By day, the latest first",
    OLDEST_FIRST="By day, the earliest first",
    LARGEST_FIRST="By signed amount, the largest first",
    SMALLEST_FIRST="By signed amount, the smallest first",
)

_describe(
    AccessPurpose,
    "What a flow is for",
    SIGN_IN="To sign in with the secret code",
    FIRST_CONNECTION="To create the customer area and choose a first code",
    FORGOTTEN_CODE="To choose a new code because the old one is forgotten",
    STEP_UP="To prove again who is signed in, before something that needs it",
    CODE_CHANGE="To change the secret code while signed in",
)
_describe(
    AuditKind,
    "What can happen to a customer's access",
    name="AccessEventKind",
    CODE_CHOSEN="A secret code was chosen",
    SIGNED_IN="The secret code was right, on a trusted browser or with a code sent by SMS",
    STEPPED_UP="The secret code and one sent by SMS were given again while signed in",
    SIGNED_OUT="The customer signed out, of one session or of all",
    SESSION_CLOSED="The customer closed other sessions",
    DEVICE_TRUSTED="A browser gave back a code sent by SMS, and is trusted from then on",
    DEVICE_FORGOTTEN="Browsers are trusted no more, their sessions were closed",
    ADDRESS_CHANGED="The postal address was changed",
    PHONE_CHANGE_REQUESTED="A code was sent to a new phone number",
    PHONE_CHANGED="The new phone number took the place of the old one",
    EMAIL_CHANGE_REQUESTED="A code was sent to a new e-mail address",
    EMAIL_CHANGED="The new e-mail address took the place of the old one",
    ACCESS_LOCKED="Too many wrong codes locked the access",
    ACCESS_UNLOCKED="A member of staff unlocked the access",
    RECOVERY_REFUSED="A new code was asked for on a phone number that was changed too recently",
)
_describe(
    Weakness,
    "Why a code may not be chosen",
    name="CodeWeakness",
    MALFORMED="Not six digits",
    REPEATED="The same digits again and again",
    SEQUENCE="Digits in a row, or along the keys of a phone",
    BIRTH_DATE="The birth date in some order",
    OWN_NUMBER="Part of one of the customer's own numbers",
    USED_BEFORE="One of the customer's last codes",
)

LocaleArgument = Annotated[Locale, strawberry.argument(description="Language that the text is in")]
