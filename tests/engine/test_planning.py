"""What is asked of the database: few questions, each of one owner, with no value of a request in its text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from graphql import parse

from engine.compiling.operations import Bound
from engine.documents.valid import Document
from engine.planning.dialects import DIALECTS, Dialect
from engine.planning.questions import Question, Questions
from tests.engine.garden import SPRING, TABLES, BedRow, Garden, LeafRow, PlantRow, Visit, planted
from tests.servers import database_on_server

HOSTILE = ["'", "''; DROP TABLE plant; --", '"', "$1", "?1", "\\", "%", "_", "{owner}", ")", "\x00", "🌱"]
PAGES = ["", "(first: 2)", "(last: 3)", "(first: 0)", '(first: 2, name: "plant")', "(first: 9, oldest: true)"]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def garden_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "postgres":
        with database_on_server() as url:
            yield url
    else:
        yield f"sqlite://{tmp_path_factory.mktemp('garden') / 'garden.sqlite3'}"


@pytest.fixture(scope="module")
async def beds(garden_url: str) -> AsyncIterator[None]:
    async with planted(garden_url):
        yield


@pytest.fixture
def garden(beds: None) -> Garden:
    return Garden()


def bound_of(garden: Garden, text: str, **variables: Any) -> Bound:
    document = Document.of(parse(text))
    bound = garden.compiler.bind(document.compiled, document.operation(None), document.fragments, variables)
    assert bound is not None
    return bound


def questions_of(text: str, dialect: Dialect, **variables: Any) -> list[Question]:
    """What a query asks of a database."""
    garden = Garden()
    bound, tree = bound_of(garden, text, **variables), None
    tree = bound.variant.tree
    parts = garden.compiler._parts(bound, Visit(1, 1))
    for rows, part in zip(tree.rows, parts, strict=True):
        if rows.is_list and part.order is not None:
            rows.need(part.order.column)
    return Questions(dialect, tree.rows, garden.mat.claimed, parts).all


def made_up(chance: Random) -> str:
    """A query that follows relations, some deep."""
    return "{ " + " ".join(_place(chance, name, 0) for name in chance.sample(ROOTS, 2)) + " }"


ROOTS = ["gardener", "beds", "plants"]
BELOW = {
    "gardener": ("id nickname", ["beds", "plants"]),
    "beds": ("id name", ["plants", "favourite", "row_of_plants"]),
    "bed": ("id name", ["plants", "favourite", "row_of_plants"]),
    "plants": ("id height", ["leaves", "bed", "largest"]),
    "favourite": ("id name", ["leaves", "bed", "largest"]),
    "row_of_plants": ("id", ["leaves", "bed"]),
    "leaves": ("id size", ["plant"]),
    "largest": ("id size", ["plant"]),
    "plant": ("id", ["bed", "leaves"]),
}


def _place(chance: Random, name: str, depth: int) -> str:
    leaves, deeper = BELOW[name]
    chosen = chance.sample(deeper, chance.randrange(len(deeper) + 1)) if depth < 4 else []
    inside = " ".join([leaves, *(_place(chance, one, depth + 1) for one in chosen)])
    field = "rowOfPlants" if name == "row_of_plants" else name
    if name in ("plants", "leaves"):
        count = chance.choice(PAGES[:4] if name == "leaves" else PAGES)
        total = chance.choice(["", "totalCount", "pageInfo { endCursor hasNextPage }"])
        return f"{field}{count} {{ {total} nodes {{ {inside} }} }}"
    return f"{field} {{ {inside} }}"


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_table_of_every_question_is_bound_to_the_owner(dialect: Dialect) -> None:
    names = {table._meta.db_table: table.owner for table in TABLES}
    count = 0
    for seed in range(300):
        for question in questions_of(made_up(Random(seed)), dialect):
            mark = dialect.parameter(question.sources["owner"])
            tables = re.findall(r'(?:FROM|JOIN) "(\w+)" AS (\w+)', question.sql)
            for table, alias in tables:
                assert f'{alias}."{names[table]}" = {mark}' in question.sql, question.sql
                count += 1
            assert len(re.findall(r'(?:FROM|JOIN) "', question.sql)) == len(tables), question.sql
    assert count > 1_000


@pytest.mark.parametrize(
    ("text", "on_postgres", "on_sqlite"),
    [
        ("{ gardener { id name } }", 1, 1),
        ("{ gardener { beds { id favourite { id bed { id } } } } }", 1, 2),
        ("{ beds { id plants(first: 2) { totalCount nodes { id } } rowOfPlants { id } } }", 1, 5),
        ("{ beds { plants { nodes { id largest { id } } } } }", 2, 4),
        ("{ beds { plants { nodes { leaves { nodes { plant { bed { id } } } } } } } }", 2, 4),
        ("{ plants { totalCount } }", 1, 2),
        ("{ plants { level __typename } }", 1, 1),
    ],
)
def test_a_question_for_each_list_that_leads_to_others_or_for_each_list(
    text: str, on_postgres: int, on_sqlite: int
) -> None:
    asked = {name: len(questions_of(text, dialect)) for name, dialect in DIALECTS.items()}
    assert asked == {"postgres": on_postgres, "sqlite": on_sqlite}


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_nothing_of_a_request_is_in_the_text_of_a_question(dialect: Dialect) -> None:
    text = """query($name: String, $names: [String!], $soils: [String!]) {
        beds(soils: $soils) { id plants(name: $name, names: $names, first: 3) { nodes { id } } } }"""
    told = [
        [question.sql for question in questions_of(text, dialect, name=one, names=[one] * many, soils=[one])]
        for many, one in enumerate(HOSTILE)
    ]
    assert all(texts == told[0] for texts in told)
    assert not any(re.search(r"'|;|--|\\", sql) for sql in told[0])


async def test_hostile_words_find_nothing_and_break_nothing(garden: Garden) -> None:
    text = """query($name: String, $names: [String!]) {
        beds { id plants(name: $name, names: $names) { totalCount nodes { name } } } }"""
    for one in HOSTILE:
        answer = await garden.ask(text, name=one)
        if "\x00" not in one:  # PostgreSQL takes no such text, and LIKE of SQLite reads no further
            assert answer == await garden.judged(text, name=one), one
            assert "errors" not in answer
            assert sum(bed["plants"]["totalCount"] for bed in answer["data"]["beds"]) == 0
            assert (await garden.ask(text, names=[one])) == await garden.judged(text, names=[one])
    assert len((await garden.both("{ plants { nodes { id } } }"))["data"]["plants"]["nodes"]) == 12


@pytest.mark.parametrize("oldest", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
async def test_pages_of_each_parent_meet_without_a_gap(garden: Garden, oldest: bool, size: int) -> None:
    """Forward and backward through days that many plants share."""
    whole = f"{{ beds {{ id plants(first: 100, oldest: {str(oldest).lower()}) {{ nodes {{ id }} }} }} }}"
    lists = {bed["id"]: bed["plants"]["nodes"] for bed in (await garden.both(whole))["data"]["beds"]}
    rows = await PlantRow.filter(gardener_id=1)
    rows.sort(key=lambda row: (row.planted_on, row.id), reverse=not oldest)
    for bed, nodes in lists.items():
        assert [node["id"] for node in nodes] == [row.id for row in rows if row.bed_id == bed]
    for way in ("first: $size, after: $cursor", "last: $size, before: $cursor"):
        text = f"""query($size: Int, $cursor: String, $oldest: Boolean!) {{ beds {{ id
            plants({way}, oldest: $oldest) {{ nodes {{ id }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"""
        for bed, expected in lists.items():
            met: list[Any] = []
            cursor = None
            while True:
                answer = await garden.both(text, size=size, cursor=cursor, oldest=oldest)
                found = next(one for one in answer["data"]["beds"] if one["id"] == bed)["plants"]
                met = [*found["nodes"], *met] if "last" in way else [*met, *found["nodes"]]
                ends = found["pageInfo"]
                cursor = ends["startCursor" if "last" in way else "endCursor"]
                if not ends["hasPreviousPage" if "last" in way else "hasNextPage"]:
                    break
            assert met == expected


async def test_between_two_cursors(garden: Garden) -> None:
    every = "{ plants(first: 100) { edges { cursor node { id } } } }"
    edges = (await garden.both(every))["data"]["plants"]["edges"]
    text = """query($after: String, $before: String) {
        plants(first: 100, after: $after, before: $before) { nodes { id } totalCount } }"""
    for low in range(0, 12, 3):
        for high in range(low, 12, 2):
            answer = await garden.both(text, after=edges[low]["cursor"], before=edges[high]["cursor"])
            nodes = answer["data"]["plants"]["nodes"]
            assert nodes == [edge["node"] for edge in edges[low + 1 : high]]
            assert answer["data"]["plants"]["totalCount"] == 12


async def test_empty_pages_and_counts_alone(garden: Garden) -> None:
    text = """{ beds { id
        a: plants(first: 0) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
        b: plants { totalCount } c: plants(last: 0) { edges { cursor } nodes { id } }
        d: plants(name: "none") { pageInfo { startCursor endCursor hasNextPage } edges { node { id } } }
        e: plants { level } f: plants { __typename edges { __typename } pageInfo { __typename } } } }"""
    beds = (await garden.both(text))["data"]["beds"]
    assert [bed["b"]["totalCount"] for bed in beds] == [6, 6, 0]
    assert beds[0]["a"]["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }
    assert [bed["e"] for bed in beds] == [{"level": 1}] * 3
    assert len(beds[0]["f"]["edges"]) == 6


async def test_the_same_list_with_other_arguments_side_by_side(garden: Garden) -> None:
    text = """{ beds { id ... on ClayBed { plants(first: 1) { nodes { id name } } heavy }
        ... on SandBed { plants(first: 1) { nodes { id height } } }
        plants(first: 1) { totalCount } more: plants(first: 2, oldest: true) { nodes { id leaves(first: 1) {
            nodes { id plant { bed { id favourite { id } } } } } } } } }"""
    beds = (await garden.both(text))["data"]["beds"]
    assert [list(bed) for bed in beds] == [["id", "plants", "heavy", "more"], *[["id", "plants", "more"]] * 2]


async def test_a_row_of_another_owner_is_not_given_though_a_key_names_it(garden: Garden) -> None:
    await BedRow.create(id=77, gardener_id=2, soil="CLAY", name="Foreign")
    await PlantRow.create(id=78, gardener_id=2, bed_id=10, name="foreign", planted_on=SPRING)
    await LeafRow.create(id=79, gardener_id=2, plant_id=20, size=5)
    await PlantRow.filter(gardener_id=1, id=20).update(bed_id=77)
    await BedRow.filter(gardener_id=1, id=11).update(favourite_id=78)
    try:
        text = """{ plants(first: 100) { nodes { id bed { name } leaves(first: 100) { nodes { id } } } }
            beds { favourite { name } plants(first: 100) { nodes { name } } } }"""
        answer = await garden.both(text)
        assert "oreign" not in str(answer)
        assert "'id': 79" not in str(answer)
        assert [node["bed"] for node in answer["data"]["plants"]["nodes"] if node["id"] == 20] == [None]
    finally:
        await PlantRow.filter(gardener_id=1, id=20).update(bed_id=10)
        await BedRow.filter(gardener_id=1, id=11).update(favourite_id=None)


async def test_many_parents_each_with_their_page(garden: Garden) -> None:
    rows = [BedRow(id=500 + n, gardener_id=1, soil="SAND", name=f"~{n:03}") for n in range(120)]
    plants = [
        PlantRow(
            id=1_000 + n,
            gardener_id=1,
            bed_id=500 + n % 100,
            name="x",
            planted_on=SPRING + timedelta(days=n % 3),
        )
        for n in range(250)
    ]
    await BedRow.bulk_create(rows)
    await PlantRow.bulk_create(plants)
    try:
        text = """{ beds { id plants(first: 2) { totalCount pageInfo { hasNextPage } nodes { id
            largest { id } } } } }"""
        beds = (await garden.both(text))["data"]["beds"]
        assert len(beds) == 123
        assert {bed["plants"]["totalCount"] for bed in beds[3:]} == {0, 2, 3}
    finally:
        await BedRow.filter(id__gte=500).delete()
        await PlantRow.filter(id__gte=1_000).delete()


async def test_who_has_nothing_is_told_so(garden: Garden, tmp_path: Path) -> None:
    await PlantRow.filter(gardener_id=2).delete()
    garden.stage.owner = 2
    answer = await garden.both("{ plants { totalCount nodes { id leaves { nodes { id } } } } beds { id } }")
    assert answer["data"]["plants"] == {"totalCount": 0, "nodes": []}
    assert len(answer["data"]["beds"]) == 4
