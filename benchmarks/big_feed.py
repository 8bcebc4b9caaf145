"""An invented feed of any size: about a hundred rows for each customer, balanced to the cent."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from domain.money import decimal_text
from feed.format import BY_NAME

ROWS_PER_CUSTOMER = 100
MONTHS = 12
PURCHASES = 4
INSTALMENTS = 24
SHOPS = (
    "CARREFOUR",
    "BOULANGERIE DU PARC",
    "SNCF",
    "FNAC",
    "PHARMACIE DE LA GARE",
    "Épicerie Léon",
    "LEROY MERLIN",
)


def write_feed(directory: Path, rows: int) -> int:
    """A feed of about that many rows, about a hundred for each customer; how many there really are."""
    directory.mkdir(parents=True, exist_ok=True)
    written = 0
    customers = max(1, rows // ROWS_PER_CUSTOMER)
    for name, make in MAKERS.items():
        with (directory / f"{name}.csv").open("w", encoding="utf-8", newline="") as text:
            table = csv.writer(text, lineterminator="\n")
            table.writerow(BY_NAME[name].header)
            for number in range(1, customers + 1):
                made = list(make(number))
                table.writerows(made)
                written += len(made)
    return written


def _names(number: int) -> tuple[str, str, str]:
    return f"C{number:08d}", f"REV-{number:08d}", f"PP-{number:08d}"


def _customers(number: int) -> Iterator[tuple[Any, ...]]:
    customer, _, _ = _names(number)
    yield (
        customer,
        "MS",
        "Camille",
        f"Martin {number}",
        "1980-05-17",
        f"camille.{number}@example.org",
        f"+336{number % 100_000_000:08d}",
        f"{number % 200 + 1} rue des Lilas",
        "",
        "",
        "",
        "33000",
        "Bordeaux",
        "FR",
        "",
    )


def _contracts(number: int) -> Iterator[tuple[Any, ...]]:
    customer, revolving, loan = _names(number)
    yield (
        customer,
        revolving,
        f"3060{number:013d}",
        "REVOLVING_CREDIT",
        "ACTIVE",
        "Crédit renouvelable",
        "EUR",
        "2022-03-01",
        "",
        "",
        "0.1890",
        "0.2090",
        "3000.00",
        "",
        "1200.00",
        "0.00",
        "",
        "75.00",
        "5",
        "FR1420041010050500013M02606",
        "",
        "",
        "ELECTRONIC",
    )
    yield (
        customer,
        loan,
        "",
        "PERSONAL_LOAN",
        "ACTIVE",
        "Prêt personnel",
        "EUR",
        "2023-01-05",
        "",
        "2025-01-05",
        "0.0580",
        "0.0596",
        "",
        "2400.00",
        "1200.00",
        "0.00",
        "24",
        "106.00",
        "5",
        "",
        "",
        "",
        "PAPER",
    )


def _cards(number: int) -> Iterator[tuple[Any, ...]]:
    customer, revolving, _ = _names(number)
    yield customer, revolving, f"30609{number:012d}", "2027-12-31", "ACTIVE"


def _instalments(number: int) -> Iterator[tuple[Any, ...]]:
    customer, _, loan = _names(number)
    for month in range(1, INSTALMENTS + 1):
        due_on = date(2023 + month // 12, month % 12 + 1, 5)
        paid = month <= 12
        yield (
            customer,
            loan,
            month,
            due_on,
            "PAID" if paid else "UPCOMING",
            due_on if paid else "",
            "100.00",
            "5.00",
            "1.00",
            "0.00",
            decimal_text(100_00 * (INSTALMENTS - month)),
        )


def _movements(number: int) -> Iterator[tuple[int, date, date, int, list[int]]]:
    """Statement number, first and last day, opening balance, and the amounts of its operations."""
    balance = 0
    for month in range(1, MONTHS + 1):
        first = date(2024, month, 1)
        last = date(2024 + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        amounts = [(number * 7919 + month * 613 + n * 977) % 9_973 + 100 for n in range(PURCHASES)]
        amounts.append(-min(7_500, balance))
        yield month, first, last, balance, amounts
        balance += sum(amounts)


def _statements(number: int) -> Iterator[tuple[Any, ...]]:
    customer, revolving, _ = _names(number)
    for month, first, last, opening, amounts in _movements(number):
        yield (
            customer,
            revolving,
            month,
            first,
            last,
            last + timedelta(days=10),
            decimal_text(opening),
            decimal_text(opening + sum(amounts)),
            "3000.00",
            "500.00",
            "75.00",
            "12.00",
            "",
            "75.00",
            "0.2090",
        )


def _operations(number: int) -> Iterator[tuple[Any, ...]]:
    customer, revolving, _ = _names(number)
    card = f"30609{number:012d}"
    for month, first, last, _, amounts in _movements(number):
        *purchases, payment = amounts
        for n, amount in enumerate(purchases):
            shop = SHOPS[(number + n) % len(SHOPS)]
            day = first + timedelta(days=3 + 5 * n)
            yield (
                customer,
                revolving,
                f"{month:02d}-{n}",
                month,
                card,
                "PURCHASE",
                "BOOKED",
                day,
                day + timedelta(days=1),
                f"CB {shop} {day:%d/%m}",
                shop,
                "GROCERIES",
                decimal_text(amount),
                "",
                "",
                "",
                "",
            )
        yield (
            customer,
            revolving,
            f"{month:02d}-P",
            month,
            "",
            "INSTALMENT",
            "BOOKED",
            last,
            last,
            "Prélèvement mensuel",
            "",
            "",
            decimal_text(payment),
            "",
            "",
            "",
            "",
        )


MAKERS = {
    "customers": _customers,
    "contracts": _contracts,
    "cards": _cards,
    "instalments": _instalments,
    "statements": _statements,
    "operations": _operations,
}
