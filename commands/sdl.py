"""`portal sdl`: the printed schema, the released one it is compared with, and what the changelog says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schema.changes import Breaking, as_released, changes, has_section, unsaid, version_of
from schema.deprecations import undated

PROJECT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class SchemaFiles:
    """The files of a project that tell its schema. The changelog is in the checkout, not in the wheel."""

    printed: Path
    released: Path
    changelog: Path | None

    @classmethod
    def of(cls, project: Path) -> SchemaFiles:
        folder = project / "schema"
        in_checkout = (project / "pyproject.toml").exists()
        return cls(
            folder / "portal.graphql",
            folder / "released.graphql",
            project / "CHANGELOG.md" if in_checkout else None,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What stands in the way, and what is only worth knowing."""

    mistakes: list[str]
    warnings: list[str]


def write(files: SchemaFiles, sdl: str) -> None:
    """Print the schema into its file."""
    files.printed.write_text(sdl, encoding="utf-8")


def check(files: SchemaFiles, sdl: str, version: str) -> Outcome:
    """Whether the file is up to date, deprecations are dated, and the changelog says what breaks."""
    if not files.printed.exists() or files.printed.read_text(encoding="utf-8") != sdl:
        return Outcome(["schema/portal.graphql is out of date: run `portal sdl`"], [])
    released = files.released.read_text(encoding="utf-8")
    if version != (kept := version_of(released)):
        told = f"The version is {version}, schema/released.graphql is of {kept}: run `portal sdl --release`"
        return Outcome([told], [])
    return _compared(files, released, sdl)


def release(files: SchemaFiles, sdl: str, version: str) -> list[str]:
    """Keep the schema as the one of this version, unless something stands in the way."""
    released = files.released.read_text(encoding="utf-8")
    if version == version_of(released):
        return [f"schema/released.graphql is of {version} already: raise the version in pyproject.toml first"]
    if files.changelog is None or not has_section(files.changelog.read_text(encoding="utf-8"), version):
        return [f"CHANGELOG.md has no section ## {version}"]
    mistakes = _compared(files, released, sdl).mistakes
    if not mistakes:
        write(files, sdl)
        files.released.write_text(as_released(sdl, version), encoding="utf-8")
    return mistakes


def _compared(files: SchemaFiles, released: str, sdl: str) -> Outcome:
    version = version_of(released)
    found = changes(released, sdl)
    mistakes = undated(sdl)
    if files.changelog is not None:
        changelog = files.changelog.read_text(encoding="utf-8")
        if not has_section(changelog, version):
            mistakes.append(f"CHANGELOG.md has no section ## {version}, which schema/released.graphql is of")
        mistakes += [_told(change, version) for change in unsaid(found.breaking, changelog, version)]
    return Outcome(mistakes, [f"Dangerous since {version}: {sentence}" for sentence in found.dangerous])


def _told(change: Breaking, version: str) -> str:
    names = " and ".join(f"`{name}`" for name in change.coordinates)
    return (
        f"Breaking since {version}: {change.sentence} "
        f"Undo it, or name {names} in a paragraph `Breaking:` of CHANGELOG.md above ## {version}"
    )
