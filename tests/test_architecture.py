"""Who may import whom, and words that must not stay."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Each room, and the rooms of ours it may import. The README says it in words.
ROOMS: dict[str, set[str]] = {
    "domain": set(),
    "models": {"domain"},
    "gateways": {"domain"},
    "engine": set(),
    "feed": {"domain", "models", "gateways"},
    "resolvers": {"domain", "models", "gateways"},
    "schema": {"domain", "models", "resolvers", "engine"},
    "commands": {"domain", "models", "gateways", "engine", "feed", "resolvers", "schema", "server"},
    "server": {"domain", "models", "gateways", "engine", "resolvers", "schema", "commands"},
    "benchmarks": {"domain", "models", "gateways", "engine", "feed", "resolvers", "schema", "server"},
}
# Shipped beside the rooms: what is read at the start, and no code of ours.
KEPT_FILES = {"web/trusted-documents.json"}
STRAY = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|WIP)\b|\bbreakpoint\(\)|\bimport pdb\b")
KEPT_DATA = {"babel", "holidays", "phonenumbers", "schwifty", "stdnum", "ua_parser"}
TABLES = {"tortoise", "pypika_tortoise", "asyncpg", "aiosqlite", "sqlite3"}
CLOCKS = {"time", "random", "secrets", "os", "socket", "asyncio", "threading", "subprocess", "urllib", "uuid"}
LINES_TO_LOOK_AT = 320


def files_of(room: str) -> list[Path]:
    alone = ROOT / f"{room}.py"
    return [alone] if alone.exists() else sorted((ROOT / room).rglob("*.py"))


def texts() -> Iterator[tuple[str, str]]:
    """Every file of ours but the migrations, which are generated: where it is, and what it says."""
    for room in ROOMS:
        for file in files_of(room):
            place = str(file.relative_to(ROOT))
            if not place.startswith("models/migrations/"):
                yield place, file.read_text(encoding="utf-8")


def imports_of(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Each module that a file imports, at the top or within a function, and the names taken from it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield str(node.module), [alias.name for alias in node.names]


def rooms_imported(room: str) -> dict[str, list[str]]:
    """The other rooms of ours that a room imports, with the files that do."""
    found: dict[str, list[str]] = {}
    for file in files_of(room):
        for module, _ in imports_of(file):
            other = module.partition(".")[0]
            if other in ROOMS and other != room:
                found.setdefault(other, []).append(str(file.relative_to(ROOT)))
    return found


def libraries_imported(room: str) -> set[str]:
    tops = {module.partition(".")[0] for file in files_of(room) for module, _ in imports_of(file)}
    return tops - set(ROOMS) - set(sys.stdlib_module_names)


def test_every_room_of_the_wheel_is_known_here() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"only-include = \[(.*?)\]", text)
    shipped = {name.strip(' "').removesuffix(".py") for name in listed.split(",")}
    assert shipped == set(ROOMS) - {"benchmarks"} | KEPT_FILES


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    astray = {other: files for other, files in rooms_imported(room).items() if other not in ROOMS[room]}
    assert astray == {}


def test_the_rooms_stand_on_each_other_without_a_circle() -> None:
    directions = {room: may - {"commands"} if room == "server" else may for room, may in ROOMS.items()}
    order = list(TopologicalSorter(directions).static_order())
    assert order.index("domain") < order.index("models") < order.index("resolvers") < order.index("schema")


def test_the_server_knows_the_command_line_by_its_door_alone() -> None:
    """`main` hands over to `commands`, which imports the server: only inside the function, so no circle."""
    tree = ast.parse((ROOT / "server.py").read_text(encoding="utf-8"))
    at_the_top = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert not any(str(module).startswith("commands") for module in at_the_top)


def modules() -> dict[str, set[str]]:
    """Every module of ours, and those of ours it imports as it is loaded."""
    names = {
        str(file.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__"): file
        for room in ROOMS
        for file in files_of(room)
    }
    graph = {}
    for name, file in names.items():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        loaded = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        wanted = {str(node.module) for node in loaded}
        wanted |= {f"{node.module}.{alias.name}" for node in loaded for alias in node.names}
        graph[name] = (wanted & set(names)) - {name}
    return graph


def test_no_module_imports_itself_in_the_end() -> None:
    graph = modules()
    assert len(graph) > 100
    list(TopologicalSorter(graph).static_order())  # raises a CycleError that names the circle


def test_rules_know_neither_a_clock_nor_chance_nor_the_outside() -> None:
    assert libraries_imported("domain") <= KEPT_DATA
    for file in files_of("domain"):
        for module, names in imports_of(file):
            top = module.partition(".")[0]
            assert top not in CLOCKS or (top, names) == ("random", ["Random"]), file
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\.(?:now|today|utcnow)\(|\bopen\(|\bprint\(", text), file


def test_resolvers_know_neither_graphql_nor_http() -> None:
    assert libraries_imported("resolvers") <= {"structlog", "tortoise"}


def test_tables_and_neighbours_know_no_graphql() -> None:
    for room in ("models", "gateways", "feed"):
        assert not libraries_imported(room) & {"strawberry", "graphql", "starlette", "uvicorn"}, room


def test_the_engine_knows_tables_where_it_plans_and_nowhere_else() -> None:
    """Of whichever models: what it must know of one is said by the types of the schema."""
    knowing = {
        str(file.relative_to(ROOT / "engine").parent)
        for file in files_of("engine")
        if any(module.partition(".")[0] in TABLES for module, _ in imports_of(file))
    }
    assert knowing <= {"planning", "compiling"}


def test_the_engine_has_no_word_of_the_business() -> None:
    business = re.compile(r"\b(?:contract|credit|lender|loan|instalment|statement|keypad)s?\b", re.IGNORECASE)
    for file in files_of("engine"):
        assert not business.findall(file.read_text(encoding="utf-8")), file


def test_no_stray_word_is_left() -> None:
    assert {place: words for place, text in texts() if (words := STRAY.findall(text))} == {}


def test_only_the_command_line_and_the_terminal_print() -> None:
    printing = {place for place, text in texts() if re.search(r"^\s*print\(", text, re.MULTILINE)}
    rooms = {place.partition("/")[0] for place in printing}
    assert rooms <= {"benchmarks", "commands", "gateways"}
    assert {place for place in printing if place.startswith("gateways/")} <= {"gateways/terminal_messages.py"}


def test_every_module_begins_by_saying_what_it_is() -> None:
    assert [place for place, text in texts() if ast.get_docstring(ast.parse(text)) is None] == []


def test_the_environment_is_read_in_one_place() -> None:
    readers = {place for place, text in texts() if re.search(r"\bos\.environ\b|\bgetenv\b", text)}
    assert {place for place in readers if place.partition("/")[0] not in ("commands", "benchmarks")} == {
        "server.py"
    }


def test_long_files_are_reported(record_property: Callable[[str, object], None]) -> None:
    """Sizes are an aim, not a test: what is worth a look is written into the report."""
    sizes = {place: len(text.splitlines()) for place, text in texts()}
    record_property("long_files", {place: size for place, size in sizes.items() if size > LINES_TO_LOOK_AT})
    assert len(sizes) > 100


def test_the_rooms_load_alone() -> None:
    """A room that needs another one loaded first would work by luck."""
    for room in ("models", "resolvers.secret_codes", "schema.root"):
        loaded = subprocess.run(
            [sys.executable, "-c", f"import {room}"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert loaded.returncode == 0, loaded.stderr
