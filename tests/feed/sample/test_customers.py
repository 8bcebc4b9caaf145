"""Who the customers are: invented, unlike each other, and never anyone real."""

from __future__ import annotations

from datetime import date

import pytest
from schwifty import IBAN

from domain.codes import weakness
from domain.emails import Email, email
from domain.identifiers import CardOrCreditNumber, FileNumber, card_or_credit_number, file_number, luhn_holds
from domain.phones import Phone, phone
from feed.sample.cast import CAST
from feed.sample.customers import SampleCustomer, sample_customers
from feed.sample.demo import DEMO_CODE, DEMO_NUMBER
from feed.sample.numbers import BANK_CODE, LANDLINE_START, MOBILE_STARTS
from feed.sample.plans import History
from tests.feed.sample.conftest import cast_on

Cast = tuple[SampleCustomer, ...]
TODAY = date(2026, 11, 22)


@pytest.fixture
def today() -> date:
    return TODAY


def test_the_same_day_gives_the_same_customers() -> None:
    assert tuple(sample_customers(TODAY)) == cast_on(TODAY)


def test_a_customer_added_changes_no_other(cast: Cast) -> None:
    assert tuple(sample_customers(TODAY, CAST[:12])) == cast[:12]


def test_customers_and_numbers_are_the_same_every_day(cast: Cast) -> None:
    later = cast_on(date(2027, 3, 13))
    assert [customer.row for customer in later] == [customer.row for customer in cast]
    assert [one.sign_in_numbers for one in later] == [one.sign_in_numbers for one in cast]


def test_the_demonstration_customer_is_camille_with_a_number_to_remember(cast: Cast) -> None:
    camille = cast[0]
    assert (camille.row.first_names, camille.row.last_name) == ("Camille", "Lefèvre")
    assert camille.sign_in_numbers[0] == DEMO_NUMBER == "30601020304050600"


def test_the_code_is_one_that_each_customer_may_choose(cast: Cast) -> None:
    for customer in cast:
        numbers = [*customer.sign_in_numbers, customer.row.phone]
        assert weakness(DEMO_CODE, birth_date=customer.row.birth_date, numbers=numbers) is None


def test_long_numbers_are_unlike_each_other_and_pass_luhn(histories: list[History]) -> None:
    accounts = [history.contract.account_number for history in histories if history.contract.account_number]
    cards = [card.number for history in histories for card in history.cards]
    numbers = [*accounts, *cards]
    assert len(set(numbers)) == len(numbers) > 60
    for number in numbers:
        assert card_or_credit_number(number, check_luhn=True) == CardOrCreditNumber(number)
        assert luhn_holds(number)


def test_file_numbers_are_unlike_each_other_and_can_be_typed(histories: list[History]) -> None:
    numbers = [history.contract.contract for history in histories]
    assert len(set(numbers)) == len(numbers)
    assert all(file_number(number) == FileNumber(number) for number in numbers)


def test_phones_are_of_ranges_nobody_has_and_take_sms_unless_fixed(cast: Cast) -> None:
    for customer in cast:
        read = phone(customer.row.phone)
        assert isinstance(read, Phone)
        assert read.e164 == customer.row.phone
        assert read.e164.startswith((*MOBILE_STARTS.values(), LANDLINE_START))
        assert read.takes_sms is customer.role.has_mobile


def test_mail_goes_to_domains_kept_for_examples(cast: Cast) -> None:
    addresses = [customer.row.email for customer in cast if customer.row.email]
    assert len(set(addresses)) == len(addresses) == len(cast) - 2
    for address in addresses:
        assert isinstance(email(address), Email)
        assert address.split("@")[1] in ("example.fr", "example.org")


def test_bank_accounts_have_true_check_digits_and_no_bank(cast: Cast) -> None:
    for customer in cast:
        [account] = {history.contract.iban for history in customer.histories}
        assert IBAN(account, validate_bban=True).country_code == "FR"
        assert account[4:9] == BANK_CODE
        assert IBAN(account).bank is None


def test_customers_are_grown_up(cast: Cast) -> None:
    assert all(1946 <= customer.row.birth_date.year <= 2003 for customer in cast)
