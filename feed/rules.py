"""What the cells of one row must be to each other, and what is computed from them.

The tables hold the same constraints: what is refused here would be refused there, without line nor reason.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeAlias

import orjson

from domain.addresses import Address, AddressRule, checked_address
from domain.folding import folded
from domain.money import CENTS_MAX
from domain.regimes import regime_of
from feed.columns import DIGEST_LENGTH, Entity
from feed.format import CONTRACTS, CUSTOMERS
from feed.kinds import Value

Fault: TypeAlias = tuple[str, str]  # field, reason
Rule: TypeAlias = Callable[[list[Any]], tuple[Value, ...]]

LENDING = ("REVOLVING_CREDIT", "CARD_ACCOUNT")
SEARCH_TEXT_MAX = 240

_ADDRESS = slice(7, 14)
_WORDS = {
    AddressRule.REQUIRED: "is required in an address",
    AddressRule.TOO_MANY: "is one line too many",
    AddressRule.TOO_LONG: "is too long for an envelope",
    AddressRule.CHARACTERS: "holds characters that cannot be seen",
    AddressRule.FORMAT: "is not a postal code of the country",
    AddressRule.UNKNOWN_COUNTRY: "is required in an address",
}


class Misfits(ValueError):
    """Cells that are right alone and wrong together; it never leaves this folder."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults)
        self.faults = faults


def _stand(faults: Iterable[Fault]) -> None:
    if found := list(faults):
        raise Misfits(found)


def _customer(values: list[Any]) -> tuple[Value, ...]:
    lines: tuple[str, ...] = ()
    if any(values[_ADDRESS]):
        *given, postal_code, city, country_code = (value or "" for value in values[_ADDRESS])
        address = checked_address(given, postal_code, city, country_code)
        if not isinstance(address, Address):
            raise Misfits([(_field(problem.field), _WORDS[problem.rule]) for problem in address])
        lines = address.lines
        values[11:14] = address.postal_code or None, address.city, address.country_code
    return orjson.dumps(lines).decode(), _customer_digest(values)


def _field(part: str) -> str:
    return f"address_line_{int(part.partition('.')[2] or 0) + 1}" if part.startswith("lines") else part


def _contract(values: list[Any]) -> tuple[Value, ...]:
    _stand(_contract_faults(values))
    return _regime(values[7]), _contract_digest(values)


def _contract_faults(values: list[Any]) -> Iterator[Fault]:
    _, _, _, kind, status, _, _, signed_on, closed_on, ends_on, _, _, credit_limit, principal, *_ = values
    if status == "CLOSED" and closed_on is None:
        yield "closed_on", "is required once the contract is CLOSED"
    if status != "CLOSED" and closed_on is not None:
        yield "closed_on", f"is given though the contract is {status}"
    if closed_on is not None and closed_on < signed_on:
        yield "closed_on", f"{closed_on} comes before signed_on, {signed_on}"
    if ends_on is not None and ends_on < signed_on:
        yield "ends_on", f"{ends_on} comes before signed_on, {signed_on}"
    if principal is not None and kind in LENDING:
        yield "principal", f"is given for a {kind}, which has a credit_limit instead"
    if credit_limit is not None and kind not in LENDING:
        yield "credit_limit", f"is given for a {kind}, which has a principal instead"


@lru_cache(20_000)
def _regime(signed_on: str) -> str:
    return regime_of(date.fromisoformat(signed_on)).value


def _card(values: list[Any]) -> tuple[Value, ...]:
    return ()


def _instalment(values: list[Any]) -> tuple[Value, ...]:
    _, _, _, _, _, _, principal, interest, insurance, fees, _ = values
    payment = principal + interest + insurance + fees
    _stand(_instalment_faults(values, payment))
    return (payment,)


def _instalment_faults(values: list[Any], payment: int) -> Iterator[Fault]:
    status, paid_on = values[4], values[5]
    if status == "PAID" and paid_on is None:
        yield "paid_on", "is required once the instalment is PAID"
    if status != "PAID" and paid_on is not None:
        yield "paid_on", f"is given though the instalment is {status}"
    if abs(payment) > CENTS_MAX:
        yield "principal", "with interest, insurance and fees, is beyond every amount"


def _statement(values: list[Any]) -> tuple[Value, ...]:
    _stand(_statement_faults(values))
    return ()


def _statement_faults(values: list[Any]) -> Iterator[Fault]:
    _, _, _, opened_on, closed_on, payment_on, _, _, _, _, instalment, instalment_interest, *_ = values
    if closed_on < opened_on:
        yield "closed_on", f"{closed_on} comes before opened_on, {opened_on}"
    if payment_on is not None and payment_on <= closed_on:
        yield "payment_on", f"{payment_on} does not come after closed_on, {closed_on}"
    if instalment is not None and instalment_interest is not None and instalment_interest > instalment:
        yield "instalment_interest", "is more than the instalment it is part of"


def _operation(values: list[Any]) -> tuple[Value, ...]:
    _stand(_operation_faults(values))
    return (_search_text(values[9], values[10]),)


def _operation_faults(values: list[Any]) -> Iterator[Fault]:
    _, _, _, statement, _, _, status, _, booked_on, *_ = values
    if status == "PENDING":
        if booked_on is not None:
            yield "booked_on", "is given though the operation is PENDING"
        if statement is not None:
            yield "statement", "is given though the operation is PENDING"
    elif booked_on is None:
        yield "booked_on", f"is required once the operation is {status}"


@lru_cache(20_000)
def _search_text(label: str, merchant: str | None) -> str:
    return folded(f"{label} {merchant or ''}")[:SEARCH_TEXT_MAX]


def _digester(entity: Entity) -> Callable[[list[Any]], str]:
    """A digest in parts: one for what only the lender changes, one for each thing customers change too."""
    groups = [[at for at, c in enumerate(entity.columns) if c.edited_as == name] for name in entity.edited]
    width = entity.digest_width

    def digest(values: list[Any]) -> str:
        return "".join(_mark([values[at] for at in group])[:width] for group in groups)

    return digest


def _mark(values: list[Value]) -> str:
    return base64.urlsafe_b64encode(
        blake2b(orjson.dumps(values), digest_size=DIGEST_LENGTH).digest()
    ).decode()


_customer_digest = _digester(CUSTOMERS)
_contract_digest = _digester(CONTRACTS)

RULES: dict[str, Rule] = {
    "customers": _customer,
    "contracts": _contract,
    "cards": _card,
    "instalments": _instalment,
    "statements": _statement,
    "operations": _operation,
}
