"""Each root field as a stranger, as the owner and as another customer."""

from __future__ import annotations

import pytest
from graphql import GraphQLObjectType

from gateways import Gateways
from schema.root import build_schema
from tests import cast
from tests.following import opened
from tests.schema.asking import Asker
from tests.schema.roots import ROOTS, STREAMS, Stage
from tests.schema.ways import BOTH_WAYS

pytestmark = BOTH_WAYS


def _fields(root: GraphQLObjectType | None) -> set[str]:
    return {f"{root.name}.{name}" for name in root.fields} if root else set()


def test_every_root_field_has_its_three_answers() -> None:
    schema = build_schema()._schema
    assert set(ROOTS) == _fields(schema.query_type) | _fields(schema.mutation_type)
    assert set(STREAMS) == _fields(schema.subscription_type)


@pytest.mark.parametrize("who", ["stranger", "owner", "other"])
@pytest.mark.parametrize("name", ROOTS)
async def test_each_gets_what_is_theirs(ask: Asker, gateways: Gateways, name: str, who: str) -> None:
    stage, root = await Stage.set(gateways), ROOTS[name]
    variables = await root.variables(stage) if root.variables else {}
    asking = {"stranger": None, "owner": stage.camille, "other": stage.marc}[who]
    untouched = stage.marc if who == "owner" else stage.camille
    before = await cast.known_of(untouched)
    answer = await ask(root.query, asking, **variables)
    assert answer.data == {name.partition(".")[2]: getattr(root, who)}
    assert answer.codes == ([root.stranger_code] if who == "stranger" and root.stranger_code else [])
    if not _is_access(name):
        assert await cast.known_of(untouched) == before


@pytest.mark.parametrize("who", ["stranger", "owner", "other"])
@pytest.mark.parametrize("name", STREAMS)
async def test_each_is_told_what_is_theirs(database: str, gateways: Gateways, name: str, who: str) -> None:
    stage, root = await Stage.set(gateways), STREAMS[name]
    variables = await root.variables(stage) if root.variables else {}
    asking = {"stranger": None, "owner": stage.camille, "other": stage.marc}[who]
    context = stage.stranger if asking is None else await cast.signed_in(gateways, asking)
    before = await cast.known_of(stage.camille)
    async with opened(context, root.query, **variables) as stream:
        assert await stream.told() == getattr(root, who)
    assert await cast.known_of(stage.camille) == before


def _is_access(name: str) -> bool:
    """The way in depends on the flow alone, which is Camille's here, not on who holds a session."""
    return ROOTS[name].stranger == ROOTS[name].other and name.startswith("Mutation.")
