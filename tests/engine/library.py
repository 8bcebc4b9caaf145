"""A small schema whose lists are always full, to compare what was counted with what is answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import strawberry

from engine.documents.cost_directives import ListSize, cost, list_size
from engine.errors import Refusal

PAGE_DEFAULT = 3
PAGE_MAX = 6
TAGS = 4
ISLANDS = 2

PAGE = ListSize(
    assumed_size=PAGE_MAX,
    slicing_arguments=["first", "last"],
    slicing_argument_default_value=PAGE_DEFAULT,
    sized_fields=["nodes"],
    require_one_slicing_argument=False,
)
ITEMS = replace(PAGE, sized_fields=["edges", "nodes"])


@strawberry.input
class Wish:
    words: str | None = strawberry.field(default=None, directives=[cost(3)])
    near: Wish | None = None
    all_of: list[Wish] | None = None
    year: int | None = None


@strawberry.interface
class Item:
    label: str = "A"

    @strawberry.field
    def owner(self) -> Owner:
        return Owner()


@strawberry.type
class Owner:
    name: str = "O"

    @strawberry.field(directives=[list_size(TAGS)])  # type: ignore[untyped-decorator]
    def tags(self) -> list[str]:
        return ["t"] * TAGS


@strawberry.type
class Book(Item):
    pages: int = 1

    @strawberry.field(directives=[cost(5)])  # type: ignore[untyped-decorator]
    def summary(self) -> str:
        return "S"


@strawberry.type(directives=[cost(4)])
class Map(Item):
    @strawberry.field(directives=[list_size(ISLANDS)])  # type: ignore[untyped-decorator]
    def islands(self) -> list[Item]:
        return [Book(), Map()]


@strawberry.type
class ItemEdge:
    cursor: str = "c"
    node: Item = strawberry.field(default_factory=Map)


@strawberry.type
class ItemPage:
    length: strawberry.Private[int]

    @strawberry.field
    def nodes(self) -> list[Item]:
        return [Map() if n % 2 else Book() for n in range(self.length)]

    @strawberry.field
    def edges(self) -> list[ItemEdge]:
        return [ItemEdge() for _ in range(self.length)]

    @strawberry.field
    def within(self) -> ItemPage:
        return ItemPage(length=0)


Anything = Annotated[Book | Map | Owner, strawberry.union("Anything")]


def page_of(first: int | None, last: int | None) -> int:
    """The length of a page, or a refusal."""
    size = PAGE_DEFAULT if first is None and last is None else max(first or 0, last or 0)
    if not 0 <= size <= PAGE_MAX:
        raise Refusal("A page is not so long")
    return size


@strawberry.type
class Shelf:
    label: str = "S"

    @strawberry.field(directives=[ITEMS])  # type: ignore[untyped-decorator]
    def items(self, first: int | None = None, last: int | None = None) -> ItemPage | None:
        return ItemPage(length=page_of(first, last))

    @strawberry.field(directives=[PAGE])  # type: ignore[untyped-decorator]
    def shelves(self, first: int | None = None, last: int | None = None) -> ShelfPage | None:
        return ShelfPage(length=page_of(first, last))


@strawberry.type
class ShelfPage:
    length: strawberry.Private[int]

    @strawberry.field
    def nodes(self) -> list[Shelf]:
        return [Shelf() for _ in range(self.length)]


@strawberry.type
class Query(Shelf):
    @strawberry.field
    def item(self) -> Item | None:
        return Map()

    @strawberry.field
    def anything(self) -> Anything | None:
        return Owner()

    @strawberry.field
    def unsaid(self) -> list[Owner]:
        return [Owner()]

    @strawberry.field
    def find(
        self,
        wish: Wish | None = None,
        again: Annotated[int, strawberry.argument(directives=[cost(7)])] = 0,
    ) -> Owner | None:
        return Owner()


library = strawberry.Schema(Query, types=[Book, Map])
