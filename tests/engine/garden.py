"""A small world of rows with owners: gardeners, their beds, the plants in these and the leaves of those.

Tables, the schema over them, a gate whose claim is a key under a mat, and an endpoint. Two gardeners have
rows of the same ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, ClassVar

import httpx
import strawberry
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import Response
from strawberry.extensions import FieldExtension
from tortoise import fields
from tortoise.connection import get_connection
from tortoise.models import Model

from engine.compiling.operations import Compiler
from engine.endpoint import Endpoint
from engine.errors import Refusal
from engine.limits import Limits, OverloadLimits
from engine.planning.connections import After, Before, Connection, First, Last, slice_of
from engine.planning.fields import column, set_variants
from engine.planning.gates import Claim
from engine.planning.keysets import Order, Part, Slice
from engine.planning.questions import Claimed
from engine.planning.relations import first, many, one, page, selected
from models.backends.opening import open_database

WORD = "open"
SPRING = date(2026, 3, 1)


class Soil(StrEnum):
    CLAY = "CLAY"
    SAND = "SAND"


class GardenerRow(Model):
    owner: ClassVar[str] = "id"
    id = fields.BigIntField(primary_key=True, generated=False)
    name = fields.CharField(40)
    nickname = fields.CharField(40, null=True)

    class Meta:
        table = "gardener"


class KeyRow(Model):
    owner: ClassVar[str] = "gardener_id"
    id = fields.BigIntField(primary_key=True, generated=False)
    gardener_id = fields.BigIntField()
    word = fields.CharField(40)
    level = fields.IntField()
    lost_on = fields.DateField(null=True)

    class Meta:
        table = "key"


class BedRow(Model):
    owner: ClassVar[str] = "gardener_id"
    id = fields.BigIntField(primary_key=True, generated=False)
    gardener_id = fields.BigIntField()
    soil = fields.CharEnumField(Soil, max_length=8)
    name = fields.CharField(80)
    favourite_id = fields.BigIntField(null=True)

    class Meta:
        table = "bed"


class PlantRow(Model):
    owner: ClassVar[str] = "gardener_id"
    id = fields.BigIntField(primary_key=True, generated=False)
    gardener_id = fields.BigIntField()
    bed_id = fields.BigIntField()
    name = fields.CharField(80)
    height = fields.BigIntField(null=True)
    planted_on = fields.DateField()

    class Meta:
        table = "plant"


class LeafRow(Model):
    owner: ClassVar[str] = "gardener_id"
    id = fields.BigIntField(primary_key=True, generated=False)
    gardener_id = fields.BigIntField()
    plant_id = fields.BigIntField()
    size = fields.BigIntField()

    class Meta:
        table = "leaf"


TABLES = (GardenerRow, KeyRow, BedRow, PlantRow, LeafRow)
CREATED = """
CREATE TABLE gardener (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL, nickname VARCHAR(40));
CREATE TABLE key (id BIGINT, gardener_id BIGINT, word VARCHAR(40) NOT NULL, level INT NOT NULL, lost_on DATE);
CREATE TABLE bed (id BIGINT, gardener_id BIGINT, soil VARCHAR(8) NOT NULL, name VARCHAR(80) NOT NULL,
    favourite_id BIGINT, PRIMARY KEY (gardener_id, id));
CREATE TABLE plant (id BIGINT, gardener_id BIGINT, bed_id BIGINT NOT NULL, name VARCHAR(80) NOT NULL,
    height BIGINT, planted_on DATE NOT NULL, PRIMARY KEY (gardener_id, id));
CREATE TABLE leaf (id BIGINT, gardener_id BIGINT, plant_id BIGINT NOT NULL, size BIGINT NOT NULL,
    PRIMARY KEY (gardener_id, id));
"""


@dataclass(frozen=True)
class Visit:
    """Who asks, and how much they may see: of level 0 the plants of spring are hidden."""

    owner: int
    level: int

    @property
    def sight(self) -> int:
        """What hides plants."""
        return self.level


class Locked(FieldExtension):
    """Lets a field be read from level 2 on."""

    def allows(self, scope: Visit) -> bool:
        return scope.level >= 2

    async def resolve_async(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        visit = await info.context.viewer()
        if visit is None or not self.allows(visit):
            raise Refusal("Locked", "LOCKED")
        return await next_(source, info, **arguments)


@strawberry.type
class Leaf:
    row: strawberry.Private[LeafRow]
    id: int = column("id", description="")
    size: int = column("size", description="")
    plant: Plant = one("plant_id", description="")


@strawberry.type
class LeafConnection(Connection[Leaf]):
    pass


LARGEST = Order("size")


def on_plant(
    _visit: Visit, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Part:
    return Part(order=LARGEST, slice=slice_of(LARGEST, first, after, last, before))


def _loud(name: str) -> str:
    if name == "unspeakable":
        raise LookupError(name)
    return f"{name}!"


@strawberry.type
class Plant:
    row: strawberry.Private[PlantRow]
    id: int = column("id", description="")
    name: str = column("name", description="")
    loud: str = column("name", read=_loud, description="")
    height: int | None = column("height", description="")
    tall: int = column("height", description="")
    planted_on: date = column("planted_on", description="")
    bed: Bed | None = one("bed_id", description="")
    leaves: LeafConnection = page(on_plant, on="plant_id", description="")
    largest: Leaf | None = first(on="plant_id", part=Part(order=LARGEST, slice=Slice(1)), description="")

    @strawberry.field
    async def slow(self, info: strawberry.Info[Stage, None]) -> str:
        await info.context.pause()
        return self.row.name

    @strawberry.field
    async def failing(self) -> str | None:
        await asyncio.sleep(0)
        raise LookupError(self.row.name)


@strawberry.type
class PlantConnection(Connection[Plant]):
    level: int


NEWEST = Order("planted_on")
OLDEST = Order("planted_on", descending=False)


def growing(
    visit: Visit,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    name: str | None = None,
    names: list[str] | None = None,
    oldest: bool = False,
) -> Part:
    """Plants by name, or all; whoever has no level sees none before spring."""
    given = {"planted_on__gte": None if visit.level else SPRING, "name__contains": name}
    if names is not None:
        given["name__in"] = tuple(names)  # type: ignore[assignment]
    order = OLDEST if oldest else NEWEST
    return Part(
        conditions=tuple((lookup, value) for lookup, value in given.items() if value is not None),
        order=order,
        slice=slice_of(order, first, after, last, before),
        own=(("level", visit.level),),
    )


def by_name(_visit: Visit, soils: list[str] | None = None) -> Part:
    conditions = () if soils is None else (("soil__in", tuple(soils)),)
    return Part(conditions=conditions, sorting=("name", "id"))


@strawberry.interface
class Bed:
    row: strawberry.Private[BedRow]
    id: int = column("id", description="")
    name: str = column("name", description="")
    favourite: Plant | None = one("favourite_id", description="")
    plants: PlantConnection = page(growing, on="bed_id", description="")
    row_of_plants: list[Plant] = many(on="bed_id", part=Part(sorting=("name", "id")), description="")


@strawberry.type
class ClayBed(Bed):
    @strawberry.field
    def heavy(self) -> bool:
        return True


@strawberry.type
class SandBed(Bed):
    pass


set_variants(Bed, "soil", {Soil.CLAY: ClayBed, Soil.SAND: SandBed})


@strawberry.type
class Gardener:
    row: strawberry.Private[GardenerRow]
    id: int = column("id", description="")
    name: str = column("name", description="")
    nickname: str | None = column("nickname", description="")
    beds: list[Bed] = selected(by_name, description="")
    plants: PlantConnection = page(growing, description="")


@strawberry.type
class Query:
    gardener: Gardener | None = one(description="")
    beds: list[Bed] | None = selected(by_name, description="")
    plants: PlantConnection | None = page(growing, description="")
    secrets: PlantConnection | None = page(growing, description="", extensions=[Locked()])

    @strawberry.field
    def weather(self) -> str:
        return "fine"

    @strawberry.field
    async def wait(self, info: strawberry.Info[Stage, None]) -> str:
        await info.context.pause()
        return "waited"


schema = strawberry.Schema(Query, types=[ClayBed, SandBed])


class Mat:
    """The gate: whoever names a gardener and the word of a key of theirs that is not lost, comes in."""

    claimed = Claimed(KeyRow, ("gardener_id", "level"), found_by=("word",), nulls=("lost_on",))

    def __init__(self) -> None:
        self.foreseen = Visit(0, 1)
        self.welcomed = 0
        self.admitted: list[Visit | None] = []

    def claim(self, stage: Stage) -> Claim | None:
        return None if stage.owner is None else Claim(stage.owner, (stage.word,))

    def foresee(self, stage: Stage, claim: Claim) -> Visit:
        return replace(self.foreseen, owner=claim.owner)

    def admit(self, stage: Stage, columns: Any) -> Visit | None:
        visit = Visit(columns[0], columns[1])
        self.admitted.append(visit if visit.level >= 0 else None)
        return self.admitted[-1]

    async def welcome(self, stage: Stage) -> None:
        self.welcomed += 1

    def may_read(self, stage: Stage, claim: Claim, points: int) -> bool:
        return True


@dataclass
class Stage:
    """The context of every operation, and what a test may look at afterwards."""

    owner: int | None = 1
    word: str = WORD
    loaders: Any = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    reported: list[BaseException] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    async def viewer(self) -> Visit | None:
        if self.owner is None:
            return None
        keys = KeyRow.filter(gardener_id=self.owner, word=self.word, lost_on=None)
        key = await keys.first()
        return None if key is None or key.level < 0 else Visit(self.owner, key.level)

    async def pause(self) -> None:
        """Until a test lets it go on."""
        self.entered.set()
        try:
            await self.go_on.wait()
        finally:
            self.left.append("pause")


class Garden:
    """An endpoint over the schema, asked in both ways."""

    def __init__(self) -> None:
        self.mat = Mat()
        self.stage = Stage()
        self.endpoint = Endpoint(
            schema,
            self._context,
            gate=self.mat,
            limits=Limits(cost_max=1_000_000_000, overload=OverloadLimits(lag_seconds_max=60)),
            on_error=self._report,
        )

    @property
    def compiler(self) -> Compiler:
        return self.endpoint.operations.compiler

    async def _context(self, _connection: HTTPConnection, _response: Response) -> Stage:
        self.stage.loaders = None
        return self.stage

    def _report(self, error: BaseException, _request_id: str) -> None:
        self.stage.reported.append(error)

    async def ask(self, text: str, **variables: Any) -> dict[str, Any]:
        """The whole answer; compiled where it goes that way."""
        app = Starlette(routes=self.endpoint.routes())
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://garden.test"
        ) as client:
            response = await client.post("/graphql", json={"query": text, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer

    async def both(self, text: str, **variables: Any) -> dict[str, Any]:
        """The answer, which is planned, and the same as that of graphql-core."""
        before = self.compiler.ways["planned"]
        compiled = await self.ask(text, **variables)
        assert self.compiler.ways["planned"] == before + 1, (self.compiler.ways, compiled)
        assert compiled == await self.judged(text, **variables)
        return compiled

    async def judged(self, text: str, **variables: Any) -> dict[str, Any]:
        """What graphql-core alone answers."""

        async def nothing(*_: Any) -> None:
            return None

        compiler = self.compiler
        compiler.read_ahead = nothing  # type: ignore[method-assign, assignment]
        try:
            return await self.ask(text, **variables)
        finally:
            del compiler.read_ahead


@asynccontextmanager
async def planted(url: str) -> AsyncIterator[None]:
    """The tables in an empty database, and in them what two gardeners have."""
    async with open_database(url, modules=["tests.engine.garden"]):
        client = get_connection("default")
        for statement in CREATED.split(";"):
            if statement.strip():
                await client.execute_script(statement)
        for owner in (1, 2):
            await _plant(owner)
        yield


async def _plant(owner: int) -> None:
    """Three beds, of which one is empty, with plants alike in their days, and leaves alike in size."""
    await GardenerRow.create(id=owner, name=f"Gardener {owner}")
    await KeyRow.create(id=owner, gardener_id=owner, word=WORD, level=1)
    beds = [
        BedRow(id=10, gardener_id=owner, soil=Soil.CLAY, name="Beans", favourite_id=21),
        BedRow(id=11, gardener_id=owner, soil=Soil.SAND, name="Herbs", favourite_id=None),
        BedRow(id=12, gardener_id=owner, soil=Soil.SAND, name="Nothing", favourite_id=99),
    ]
    plants = [
        PlantRow(
            id=20 + number,
            gardener_id=owner,
            bed_id=10 + number % 2,
            name=f"plant {number} of {owner}",
            height=None if number == 3 else number,
            planted_on=SPRING + timedelta(days=number // 4 - 1),
        )
        for number in range(12)
    ]
    leaves = [
        LeafRow(id=40 + number, gardener_id=owner, plant_id=20 + number % 5, size=number % 3)
        for number in range(20)
    ]
    for rows in (beds, plants, leaves):
        await type(rows[0]).bulk_create(rows)  # type: ignore[arg-type]
