"""`portal` as a person types it: in this process, with an environment and a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from commands.portal import portal

Type = Callable[..., Result]


@pytest.fixture
def type_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type `portal WORDS` with these settings; a database is in the data folder unless they say otherwise."""
    monkeypatch.chdir(tmp_path)

    def typed(*words: str, **settings: object) -> Result:
        given = {"data_directory": tmp_path / "data", "digest_memory_kib": 8, "digest_passes": 1, **settings}
        environ = {f"PORTAL_{name.upper()}": str(value) for name, value in given.items()}
        result = CliRunner().invoke(portal, words, env=environ, prog_name="portal")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return typed
