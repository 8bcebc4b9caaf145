"""What docs/engine.md prints is what the engine makes."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

from graphql import parse

from domain.assurance import Assurance
from engine.compiling.operations import Compiled, Compiler
from engine.documents.valid import Document
from engine.planning.dialects import POSTGRES, SQLITE
from resolvers.context import Viewer
from schema.gate import SessionGate
from schema.root import build_schema
from tests.kept import ON_ONE

PAGE = (Path(__file__).parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def plain(text: str) -> str:
    """Without what only makes a text easier to read."""
    return re.sub(r"\s*([()])\s*", r"\1", " ".join(text.split()))


def tree_of(text: str) -> str:
    """Python without its layout."""
    return ast.dump(ast.parse(text))


@ON_ONE
async def test_the_page_shows_what_the_engine_makes(database: str) -> None:
    compiler = Compiler(build_schema(), SessionGate())
    document = Document.of(parse(blocks("graphql")[0]))
    bound = compiler.bind(Compiled(), document.operation(None), document.fragments, {})
    assert bound is not None
    viewer = Viewer(1, Assurance.STRONG_IN_SESSION, date(2026, 11, 23))
    questions, function = compiler.explain(bound, viewer, POSTGRES)
    shown, shown_of_sqlite = blocks("sql")
    assert [plain(sql) for sql in questions] == [plain(shown)]
    assert tree_of(function) in [tree_of(block) for block in blocks("python")]
    of_sqlite, _ = compiler.explain(bound, viewer, SQLITE)
    assert plain(of_sqlite[-1]) == plain(shown_of_sqlite)
