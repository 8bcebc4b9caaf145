"""Small feeds for tests: rows with believable cells, of which a test names those it is about."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, TypeAlias

from feed.format import BY_NAME

Row: TypeAlias = dict[str, Any]

_CELLS: dict[str, Row] = {
    "customers": {
        "customer": "C1",
        "title": "MS",
        "first_names": "Camille",
        "last_name": "Durand",
        "birth_date": "1980-05-17",
        "email": "camille@exemple.fr",
        "phone": "+33612345678",
        "address_line_1": "12 rue des Lilas",
        "postal_code": "33000",
        "city": "Bordeaux",
        "country_code": "FR",
        "locale": "FR_FR",
    },
    "contracts": {
        "customer": "C1",
        "contract": "REV-0001",
        "account_number": "30600000000000001",
        "kind": "REVOLVING_CREDIT",
        "status": "ACTIVE",
        "label": "Crédit renouvelable",
        "currency": "EUR",
        "signed_on": "2022-03-01",
        "borrowing_rate": "0.1890",
        "apr": "0.2090",
        "credit_limit": "3000.00",
        "outstanding": "120.00",
        "debit_day": "5",
        "iban": "FR1420041010050500013M02606",
        "statement_delivery": "PAPER",
    },
    "cards": {
        "customer": "C1",
        "contract": "REV-0001",
        "number": "30609000000000001",
        "expires_on": "2027-12-31",
        "status": "ACTIVE",
    },
    "instalments": {
        "customer": "C1",
        "contract": "REV-0001",
        "number": "1",
        "due_on": "2024-02-05",
        "status": "UPCOMING",
        "principal": "40.00",
        "interest": "10.00",
        "outstanding_after": "80.00",
    },
    "statements": {
        "customer": "C1",
        "contract": "REV-0001",
        "number": "1",
        "opened_on": "2024-01-01",
        "closed_on": "2024-01-31",
        "payment_on": "2024-02-05",
        "opening_balance": "0.00",
        "closing_balance": "120.00",
    },
    "operations": {
        "customer": "C1",
        "contract": "REV-0001",
        "operation": "OP-1",
        "statement": "1",
        "card": "30609000000000001",
        "kind": "PURCHASE",
        "status": "BOOKED",
        "occurred_on": "2024-01-10",
        "booked_on": "2024-01-11",
        "label": "CB ÉPICERIE LÉON",
        "merchant": "Épicerie Léon",
        "category": "GROCERIES",
        "amount": "120.00",
    },
}


def row(entity: str, **cells: Any) -> Row:
    """A good row, with the cells that the test is about."""
    return {**_CELLS[entity], **cells}


def whole(number: int = 1) -> dict[str, list[Row]]:
    """A customer with one row in every file: C1 with REV-0001, C2 with REV-0002 and so on."""
    customer = {"customer": f"C{number}"}
    contract = {**customer, "contract": f"REV-{number:04d}"}
    card = f"30609{number:012d}"
    return {
        "customers": [row("customers", **customer)],
        "contracts": [row("contracts", **contract, account_number=f"3060{number:013d}")],
        "cards": [row("cards", **contract, number=card)],
        "instalments": [row("instalments", **contract)],
        "statements": [row("statements", **contract)],
        "operations": [row("operations", **contract, card=card)],
    }


def together(*feeds: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows of several feeds, file by file."""
    return {name: [one for feed in feeds for one in feed.get(name, [])] for name in _CELLS}


def write(directory: Path, feed: dict[str, list[Row]]) -> Path:
    """Write the files that have rows; cells that a row does not name are empty."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, rows in feed.items():
        if rows:
            with (directory / f"{name}.csv").open("w", encoding="utf-8", newline="") as text:
                table = csv.DictWriter(text, BY_NAME[name].header, restval="", lineterminator="\n")
                table.writeheader()
                table.writerows(rows)
    return directory


def write_text(directory: Path, name: str, *lines: str) -> Path:
    """Write a file as it is, below the header that its entity has."""
    directory.mkdir(parents=True, exist_ok=True)
    header = ",".join(BY_NAME[name].header)
    (directory / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return directory
