"""All rows of a revolving credit or a card account."""

from __future__ import annotations

from datetime import date

from feed.sample.calendar import LineCalendar, line_calendar
from feed.sample.days import months_from
from feed.sample.debits import overdue_cents
from feed.sample.lines import Line
from feed.sample.plans import CURRENCY, INSURANCE_LABEL, History, LinePlan, Terms
from feed.sample.rows import CardRow, ContractRow
from feed.sample.spending import Spend, drawdowns, purchases, with_fates
from models import CardStatus, ContractKind, ContractStatus

CARD_MONTHS = 36
RENEWED_MONTHS_AGO = 9
LAST_DAY = 31
LABELS = {
    ContractKind.REVOLVING_CREDIT: "Crédit renouvelable Liberté",
    ContractKind.CARD_ACCOUNT: "Compte carte Sérénité",
}


def line_history(plan: LinePlan, terms: Terms, today: date) -> History:
    """Live the plan's line up to today."""
    calendar = line_calendar(plan, terms.debit_day, today, terms.chance)
    cards = _cards(plan, terms, calendar, today)
    line = Line(plan, terms, calendar, lambda on: next((c.number for c in cards if on <= c.expires_on), None))
    line.live(_spends(plan, calendar, today, terms))
    customer, contract = terms.customer, terms.contract
    return History(
        _contract(line, terms, calendar),
        cards,
        [due.row(customer, contract) for due in line.final_dues()],
        line.statements,
        list(line.ledger.rows(customer, contract)),
    )


def _spends(plan: LinePlan, calendar: LineCalendar, today: date, terms: Terms) -> list[Spend]:
    spends: list[Spend] = []
    if plan.draw_days is not None:
        first = calendar.used_from
        spends += drawdowns(first, today, plan.draw_days, plan.limit_cents, terms.chance)
    if plan.pace is not None:
        bought = purchases(calendar.used_from, today, plan.pace, terms.chance)
        spends += with_fates(bought, today) if plan.eventful else bought
    return spends


def _cards(plan: LinePlan, terms: Terms, calendar: LineCalendar, today: date) -> list[CardRow]:
    """The card, after the one it replaced if it was renewed; the one that expires first comes first."""
    if plan.pace is None:
        return []
    blocked = calendar.ended or plan.suspended or plan.missed > 0
    status = CardStatus.BLOCKED if blocked else CardStatus.ACTIVE
    first, second = terms.card_numbers
    customer, contract = terms.customer, terms.contract
    if not plan.card_renewed:
        expires_on = months_from(calendar.signed_on, CARD_MONTHS, LAST_DAY)
        return [CardRow(customer, contract, first, expires_on, status)]
    expired_on = months_from(today, -RENEWED_MONTHS_AGO, LAST_DAY)
    return [
        CardRow(customer, contract, first, expired_on, CardStatus.EXPIRED),
        CardRow(customer, contract, second, months_from(expired_on, CARD_MONTHS, LAST_DAY), status),
    ]


def _contract(line: Line, terms: Terms, calendar: LineCalendar) -> ContractRow:
    plan = line.plan
    insured = [statement.insurance for statement in line.statements if statement.insurance]
    return ContractRow(
        terms.customer,
        terms.contract,
        terms.account_number,
        plan.kind,
        _status(plan, calendar),
        LABELS[plan.kind],
        CURRENCY,
        calendar.signed_on,
        calendar.last_on if calendar.ended else None,
        None,
        plan.borrowing_rate,
        plan.apr,
        plan.limit_cents,
        None,
        line.ledger.owed.total,
        overdue_cents(line.dues),
        None,
        line.agreed_cents or None,
        terms.debit_day,
        terms.iban,
        INSURANCE_LABEL if plan.insured else None,
        insured[-1] if insured else None,
        terms.delivery,
    )


def _status(plan: LinePlan, calendar: LineCalendar) -> ContractStatus:
    if calendar.ended:
        return ContractStatus.CLOSED
    if plan.suspended:
        return ContractStatus.SUSPENDED
    return ContractStatus.LATE if plan.missed else ContractStatus.ACTIVE
