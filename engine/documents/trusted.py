"""Trusted documents: texts known since the start, asked for by their ids, and who may send any other text.

An id is the SHA-256 of its text in hexadecimal (draft, appendix on persisted documents). It comes as
`documentId`, with the draft's prefix `sha256:` or without it, or in Apollo's `extensions.persistedQuery`.
Relay's compiler makes MD5 ids, known by their 32 digits. Nothing that a request holds is ever added.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.documents.costs import Costs
from engine.documents.valid import Document, RequestError
from engine.errors import Code, Refusal
from engine.http.bodies import parse_json
from engine.http.requests import GraphQLRequest, bare_id

APOLLO_FORMAT = "apollo-persisted-query-manifest"
APOLLO_VERSION = 1
MANIFEST_BYTES_MAX = 10_000_000

HEX = re.compile(r"[0-9a-f]+")
OPERATION = re.compile(r"(?:query|mutation|subscription)\s+(\w+)")
# What Apollo Client and urql look for before they ask again with the whole text.
NOT_FOUND = "PersistedQueryNotFound"
NOT_TRUSTED = "Only trusted documents are answered here: send the id of one."
MISMATCH = "provided sha does not match query"


class ManifestError(Exception):
    """A manifest that cannot be used: a sentence with the file, the operation and the fault."""


@dataclass(frozen=True, slots=True)
class TrustedDocument:
    """One document of a manifest. `name` is its operation's, as far as the manifest tells."""

    id: str
    text: str
    name: str
    source: str

    def fault(self, words: str) -> ManifestError:
        """What is wrong with it, for whoever wrote the manifest."""
        return ManifestError(f"{self.source}, operation {self.name}: {words}")


class TrustedDocuments:
    """The documents of some manifests, by id and by text."""

    def __init__(self, documents: Iterable[TrustedDocument] = ()) -> None:
        # Each is verified before a later one with the same id could take its place.
        self._documents = {document.id: document for document in map(_verified, documents)}
        self._texts = frozenset(document.text for document in self._documents.values())

    @classmethod
    def read(cls, paths: Iterable[Path]) -> TrustedDocuments:
        """Those of manifests as Apollo, graphql-codegen and Relay write them. Raises `ManifestError`."""
        return cls(document for path in paths for document in _read(path))

    def __len__(self) -> int:
        return len(self._texts)

    def check(self, prepare: Callable[[str], Document], costs: Costs) -> Iterator[tuple[str, Document]]:
        """Each text with its document, ready to run. Raises `ManifestError` at one the schema does not serve,
        or that has an operation which costs too much already where no variables are given.

        A server that never started is noticed by whoever deploys it, and the one before goes on serving; a
        document that fails later is noticed by customers. A restart cannot meet this: what has started once,
        the same server with the same manifests, starts again.
        """
        for document in self._documents.values():
            try:
                prepared = prepare(document.text)
            except RequestError as error:
                raise document.fault(error.formatted[0]["message"]) from None
            if not prepared.operations:
                raise document.fault("it holds no operation")
            _check_costs(document, prepared, costs)
            yield document.text, prepared

    def text_of(self, request: GraphQLRequest, *, free: bool) -> str:
        """The text to run. `free` says whether the caller may run a text that is not trusted.

        Looks at nothing but ids and whole texts: what is refused here is never parsed.
        """
        id, text = request.document_id, request.query
        if text is None:
            known = self._documents.get(id or "")
            if known is None:
                raise _refused(NOT_FOUND)
            return known.text
        if id is not None and _digest(id, text) != id:
            raise Refusal(MISMATCH, Code.BAD_REQUEST)
        if not free and text not in self._texts:
            raise _refused(NOT_TRUSTED)
        return text


def _verified(document: TrustedDocument) -> TrustedDocument:
    if _digest(document.id, document.text) != document.id:
        raise document.fault(f"its id {document.id} is neither the SHA-256 nor the MD5 of its text")
    return document


def _check_costs(document: TrustedDocument, prepared: Document, costs: Costs) -> None:
    for name, operation in prepared.operations.items():
        try:
            costs.check(operation, prepared.fragments, None)
        except RequestError as error:
            raise replace(document, name=name or document.name).fault(error.formatted[0]["message"]) from None


def _refused(message: str) -> RequestError:
    code = Code.PERSISTED_QUERY_NOT_FOUND
    return RequestError([Refusal(message, code).formatted()], code)


def _digest(id: str, text: str) -> str | None:
    """What the id of a text should be, made as the given id seems to be made; None if it is neither."""
    if HEX.fullmatch(id) is None:
        return None
    encoded = text.encode()
    match len(id):
        case 64:
            return hashlib.sha256(encoded).hexdigest()
        case 32:
            return hashlib.md5(encoded, usedforsecurity=False).hexdigest()
    return None


def documents_of(content: bytes, source: str) -> Iterator[TrustedDocument]:
    """The documents of one manifest; `source` names it in what is wrong with it. Raises `ManifestError`."""
    try:
        manifest = parse_json(content)  # refuses a key that is there twice, so no id has two texts
    except Refusal as refusal:
        raise ManifestError(f"{source}: {refusal.message}") from None
    if not isinstance(manifest, dict):
        raise ManifestError(f"{source}: no manifest: it must be a JSON object")
    entries = _apollo(manifest, source) if "format" in manifest else manifest.items()
    for id, text in entries:
        if not isinstance(id, str) or not isinstance(text, str) or not text:
            raise ManifestError(f"{source}: no manifest: each operation needs an id and a text")
        named = OPERATION.search(text)
        yield TrustedDocument(bare_id(id), text, named[1] if named else id, source)


def _read(path: Path) -> Iterator[TrustedDocument]:
    try:
        with path.open("rb") as file:
            content = file.read(MANIFEST_BYTES_MAX + 1)
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror or error}") from None
    if len(content) > MANIFEST_BYTES_MAX:
        raise ManifestError(f"{path}: longer than {MANIFEST_BYTES_MAX} bytes")
    yield from documents_of(content, str(path))


def _apollo(manifest: dict[str, Any], source: str) -> Iterator[tuple[Any, Any]]:
    form = (manifest["format"], manifest.get("version"))
    operations = manifest.get("operations")
    if form != (APOLLO_FORMAT, APOLLO_VERSION) or not isinstance(operations, list):
        raise ManifestError(f"{source}: no manifest: its format must be {APOLLO_FORMAT}, version 1")
    for operation in operations:
        if not isinstance(operation, dict):
            raise ManifestError(f"{source}: no manifest: each operation must be an object")
        yield operation.get("id"), operation.get("body")
