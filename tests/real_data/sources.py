"""Where the real data lies: outside the repository, whose licences do not cover it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_DEFAULT = Path(__file__).parent.parent.parent.parent / "shared" / "data"


def source(name: str) -> Path:
    """The folder of a data set, or a skipped test that says where it was looked for."""
    folder = Path(os.environ.get("PORTAL_SHARED_DATA", _DEFAULT)) / name
    if not folder.is_dir():
        pytest.skip(f"no {folder.name} data in {folder.parent}: set PORTAL_SHARED_DATA to their folder")
    return folder
