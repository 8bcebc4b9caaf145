"""The format as data: complete, and in words."""

from __future__ import annotations

import pytest
from tortoise.fields.data import DecimalField

from feed.columns import Entity
from feed.format import CONTRACTS, CUSTOMERS, ENTITIES, OPERATIONS, as_markdown
from models.backends.opening import open_database
from tests.feed.feeds import whole

MADE_BY_US = {"id", "customer_id", "contract_id", "statement_id", "card_id", "version", "created_at"}


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
async def test_every_column_of_the_table_is_filled(entity: Entity, sqlite_url: str) -> None:
    async with open_database(sqlite_url):
        meta = entity.model._meta
        columns = set(meta.fields_db_projection.values())
        unfilled = columns - set(entity.kept) - MADE_BY_US
        ours = {"phone_changed_at", "former_phone"}  # made of what the feed changes
        assert all(column.endswith("_verified_at") for column in unfilled - ours), unfilled
        assert set(entity.kept) <= columns


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_a_column_that_must_not_be_null_is_required_or_has_a_default(entity: Entity) -> None:
    nullable = {name for name, field in entity.model._meta.fields_map.items() if field.null}
    for column in entity.columns:
        if column.to is not None and column.to not in nullable:
            assert column.required or column.default is not None, column.name


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_texts_fit_their_column(entity: Entity) -> None:
    for column in entity.columns:
        room = getattr(entity.model._meta.fields_map.get(column.to or ""), "max_length", None)
        length = getattr(column.kind, "length_max", None)
        if room is not None and length is not None:
            assert length <= room, column.name


def test_rates_are_read_with_the_decimals_of_their_column() -> None:
    field = CONTRACTS.model._meta.fields_map["apr_yearly"]
    assert isinstance(field, DecimalField)
    assert (CONTRACTS.column("apr").read("0.2"), field.decimal_places) == ("0.200000", 6)


def test_the_builders_of_these_tests_know_every_file() -> None:
    assert list(whole()) == [entity.name for entity in ENTITIES]


def test_what_customers_change_is_digested_apart() -> None:
    assert CUSTOMERS.edited == [None, "email", "phone", "address", "locale"]
    assert CONTRACTS.edited == [None, "statement_delivery"]
    assert OPERATIONS.edited == [None]


def test_the_readme_table_names_every_file_and_column() -> None:
    text = as_markdown()
    for entity in ENTITIES:
        assert f"**`{entity.file}`**" in text
        for column in entity.columns:
            assert f"| `{column.name}` | {column.meaning} | {column.kind.words}" in text
    assert "| `locale` | Language | one of FR_FR, EN_GB; empty is FR_FR |" in text
    assert "| `currency` | Currency of every amount of the contract | currency, ISO 4217; required |" in text
