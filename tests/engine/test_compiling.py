"""Compiled operations: whose they are, what becomes of those that do not go well, what is kept of them."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.compiling.operations import FORMS_MAX, VARIANTS_MAX
from tests.engine.garden import Garden, KeyRow, PlantRow, Visit, planted

PLANTS = "{ plants(first: 3) { level nodes { id name } } }"


@pytest.fixture(scope="module")
async def beds(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    folder: Path = tmp_path_factory.mktemp("garden")
    async with planted(f"sqlite://{folder / 'garden.sqlite3'}"):
        yield


@pytest.fixture
def garden(beds: None) -> Garden:
    return Garden()


@pytest.fixture(autouse=True)
def nothing_dropped() -> Iterator[None]:
    """A coroutine that nobody awaited is a warning, and so an error, when it is collected."""
    yield
    gc.collect()


@pytest.mark.parametrize("foreseen", [0, 2, 5])
async def test_what_was_foreseen_wrongly_is_read_anew(garden: Garden, foreseen: int) -> None:
    garden.mat.foreseen = Visit(0, foreseen)
    answer = await garden.both(PLANTS)
    assert answer["data"]["plants"]["level"] == 1
    assert garden.mat.admitted == [Visit(1, 1), Visit(1, 1)]
    garden.mat.foreseen = Visit(0, 1)
    await garden.both(PLANTS)
    assert len(garden.mat.admitted) == 3


async def test_what_may_not_be_asked_as_foreseen_may_be_as_it_is(garden: Garden) -> None:
    await KeyRow.filter(gardener_id=1).update(level=2)
    try:
        answer = await garden.both("{ secrets(first: 1) { level nodes { id } } }")
        assert answer["data"]["secrets"]["level"] == 2
    finally:
        await KeyRow.filter(gardener_id=1).update(level=1)


async def test_what_may_not_be_asked_is_told_by_graphql_core(garden: Garden) -> None:
    answer = await garden.ask("{ secrets { level } }")
    assert answer["errors"][0]["extensions"]["code"] == "LOCKED"
    assert garden.compiler.ways == {"not read: Miss": 1}
    garden.mat.foreseen = Visit(0, 2)  # nor is it read because of what was foreseen
    assert await garden.ask("{ secrets { level } }") == answer


async def test_who_is_not_admitted_is_given_nothing(garden: Garden) -> None:
    garden.stage.word = "shut"
    answer = await garden.ask("{ gardener { name } plants { nodes { name } } }")
    assert answer["data"] == {"gardener": None, "plants": None}
    assert garden.compiler.ways == {"not admitted": 1}
    assert garden.mat.admitted == []
    assert garden.mat.welcomed == 0
    garden.stage.word, garden.stage.owner = "open", 3
    assert (await garden.ask("{ gardener { name } }"))["data"] == {"gardener": None}


async def test_a_claim_that_holds_but_is_not_let_in_is_given_nothing(garden: Garden) -> None:
    await KeyRow.filter(gardener_id=1).update(level=-1)
    try:
        assert (await garden.ask("{ gardener { name } }"))["data"] == {"gardener": None}
        assert garden.mat.admitted == [None]
    finally:
        await KeyRow.filter(gardener_id=1).update(level=1)


async def test_a_key_that_was_lost_opens_nothing(garden: Garden) -> None:
    await KeyRow.filter(gardener_id=1).update(lost_on="2026-01-01")
    try:
        assert (await garden.ask("{ gardener { name } }"))["data"] == {"gardener": None}
        assert garden.compiler.ways == {"not admitted": 1}
    finally:
        await KeyRow.filter(gardener_id=1).update(lost_on=None)


async def test_who_claims_nothing_is_asked_nothing(garden: Garden) -> None:
    garden.stage.owner = None
    assert (await garden.ask("{ gardener { name } weather }"))["data"] == {
        "gardener": None,
        "weather": "fine",
    }
    assert garden.compiler.ways == {"unclaimed": 1}


async def test_each_owner_has_answers_of_their_own(garden: Garden) -> None:
    for owner in (1, 2, 1):
        garden.stage.owner = owner
        answer = await garden.both(PLANTS)
        assert {node["name"].rpartition(" ")[2] for node in answer["data"]["plants"]["nodes"]} == {str(owner)}


async def test_forms_are_bounded(garden: Garden) -> None:
    text = """query($name: String, $names: [String!], $oldest: Boolean!, $first: Int, $last: Int,
        $after: String, $before: String) {
        plants(name: $name, names: $names, oldest: $oldest, first: $first, last: $last, after: $after,
            before: $before) { nodes { id } } }"""
    cursors = {
        oldest: (
            await garden.ask(
                f"{{ plants(first: 1, oldest: {str(oldest).lower()}) {{ edges {{ cursor }} }} }}"
            )
        )
        for oldest in (True, False)
    }
    for name, names, oldest, size, after, before in itertools.product(
        (None, "plant"), (None, ["x"]), (True, False), ("first", "last"), (True, False), (True, False)
    ):
        cursor = cursors[oldest]["data"]["plants"]["edges"][0]["cursor"]
        given = {"after": cursor if after else None, "before": cursor if before else None, size: 2}
        await garden.both(text, name=name, names=names, oldest=oldest, **given)
    (variants,) = kept_of(garden, text)
    assert [len(variant.forms) for variant in variants.values()] == [FORMS_MAX]


async def test_variants_are_bounded(garden: Garden) -> None:
    flags = [f"f{number}" for number in range(5)]
    fields = " ".join(f"a{flag}: id @include(if: ${flag})" for flag in flags)
    text = (
        f"query({', '.join(f'${flag}: Boolean!' for flag in flags)}) {{ plants {{ nodes {{ {fields} }} }} }}"
    )
    for values in itertools.product((True, False), repeat=len(flags)):
        await garden.both(text, **dict(zip(flags, values, strict=True)))
    (variants,) = kept_of(garden, text)
    assert len(variants) == VARIANTS_MAX


async def test_values_of_one_request_do_not_stay_for_the_next(garden: Garden) -> None:
    text = """query($first: Int, $last: Int, $name: String) {
        plants(first: $first, last: $last, name: $name) {
            nodes { id } pageInfo { hasNextPage hasPreviousPage } } }"""
    for given in ({"first": 2}, {"first": 100}, {"first": 0}, {"last": 3}, {"last": 100}):
        for name in ("plant 1", "plant", "of 2", None):
            await garden.both(text, name=name, **given)


async def test_a_resolver_that_fails_is_judged_by_graphql_core(garden: Garden) -> None:
    text = "{ plants(first: 2) { nodes { id failing } } }"
    answer = await garden.ask(text)
    assert [node["failing"] for node in answer["data"]["plants"]["nodes"]] == [None, None]
    assert [error["path"] for error in answer["errors"]] == [
        ["plants", "nodes", at, "failing"] for at in (0, 1)
    ]
    assert garden.compiler.ways == {"missed: LookupError": 1}
    assert [type(error) for error in garden.stage.reported] == [LookupError]


async def test_a_function_of_a_column_that_fails_is_judged_by_graphql_core(garden: Garden) -> None:
    await PlantRow.filter(gardener_id=1, id=31).update(name="unspeakable")
    try:
        text = "{ beds { id plants { nodes { id loud } } } }"
        answer = await garden.ask(text)
        assert answer["data"] == {"beds": None}
        assert _without_ids(answer) == _without_ids(await garden.judged(text))
    finally:
        await PlantRow.filter(gardener_id=1, id=31).update(name="plant 11 of 1")


async def test_null_where_none_may_be_is_judged_by_graphql_core(garden: Garden) -> None:
    text = "{ weather beds { plants { nodes { tall } } } }"
    answer = await garden.ask(text)
    assert answer["data"] == {"weather": "fine", "beds": None}
    assert garden.compiler.ways == {"missed: Miss": 1}
    assert _without_ids(answer) == _without_ids(await garden.judged(text))


async def test_slow_resolvers_wait_together(garden: Garden) -> None:
    asked = asyncio.ensure_future(garden.ask("{ wait plants(first: 3) { nodes { slow } } }"))
    await garden.stage.entered.wait()
    garden.stage.go_on.set()
    answer = await asked
    assert answer["data"]["wait"] == "waited"
    assert len(answer["data"]["plants"]["nodes"]) == 3
    assert garden.compiler.ways == {"planned": 1}
    assert len(garden.stage.left) == 4


@pytest.mark.parametrize(
    "text",
    ["{ wait }", "{ wait again: wait plants { nodes { slow failing } } }", "{ plants { nodes { slow } } }"],
)
async def test_who_is_cancelled_leaves_nothing_behind(garden: Garden, text: str) -> None:
    asked = asyncio.ensure_future(garden.ask(text))
    await garden.stage.entered.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    del asked
    for _ in range(5):
        await asyncio.sleep(0)
    assert garden.stage.left
    assert [task for task in asyncio.all_tasks() if "pause" in repr(task.get_coro())] == []


async def test_what_is_missed_leaves_nothing_behind(garden: Garden) -> None:
    """Resolvers were begun before a null was found where none may be."""
    text = "{ wait plants(first: 100) { nodes { slow tall } } }"
    garden.stage.go_on.set()
    answer = await garden.ask(text)
    assert answer["data"] == {"wait": "waited", "plants": None}
    assert _without_ids(answer) == _without_ids(await garden.judged(text))


def _without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    for error in answer["errors"]:
        error["extensions"].pop("requestId")
    return answer


def kept_of(garden: Garden, text: str) -> list[Any]:
    """What is kept of each operation of a document."""
    document = garden.endpoint.documents.remembered(text)
    assert document is not None
    return list(document.compiled.variants.values())
