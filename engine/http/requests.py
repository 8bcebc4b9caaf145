"""The parameters of a GraphQL-over-HTTP request, from a JSON body or a query string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from engine.errors import Code, Refusal
from engine.http.bodies import parse_json
from engine.limits import Limits

PARAMETERS_MAX = 16
SHA256 = "sha256:"
SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A well-formed request (draft, section Request Parameters). Names it does not know are ignored.

    It holds a text, the id of a trusted document (draft, appendix on persisted documents), or both.
    """

    query: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    extensions: dict[str, Any] = field(default_factory=dict)
    document_id: str | None = None


def from_body(body: bytes, limits: Limits) -> GraphQLRequest:
    """A POST request (draft, section POST). Batches are refused."""
    parameters = parse_json(body)
    if isinstance(parameters, list):
        raise Refusal("Batches of operations are not accepted", Code.BAD_REQUEST)
    if not isinstance(parameters, dict):
        raise Refusal("The body must be a JSON object", Code.BAD_REQUEST)
    return from_parameters(parameters, limits)


def from_query_string(query_string: bytes, limits: Limits) -> GraphQLRequest:
    """A GET request (draft, section GET): `variables` and `extensions` are JSON texts."""
    if len(query_string) > limits.query_string_bytes_max:
        raise Refusal("The query string is too long", Code.PAYLOAD_TOO_LARGE)
    parameters: dict[str, Any] = {}
    for name, value in _pairs(query_string):
        if name in parameters:
            raise Refusal(f"Parameter '{name}' is given twice", Code.BAD_REQUEST)
        is_json = name in ("variables", "extensions")
        parameters[name] = parse_json(value) if is_json and value else value or None
    return from_parameters(parameters, limits)


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except ValueError:
        raise Refusal("The query string must be URL-encoded UTF-8", Code.BAD_REQUEST) from None


def from_parameters(parameters: Mapping[str, Any], limits: Limits) -> GraphQLRequest:
    """Check the parameters of a request, from wherever they come."""
    query, extensions = _text(parameters, "query"), _map(parameters, "extensions")
    document_id = _document_id(parameters, extensions)
    if query is None and document_id is None:
        raise Refusal("Parameter 'query' or 'documentId' must be given", Code.BAD_REQUEST)
    operation_name = parameters.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise Refusal("Parameter 'operationName' must be a string", Code.BAD_REQUEST)
    variables = _map(parameters, "variables")
    if count_values(variables, limits.variable_values_max) > limits.variable_values_max:
        message = f"The variables hold more than {limits.variable_values_max} values"
        raise Refusal(message, Code.PAYLOAD_TOO_LARGE)
    return GraphQLRequest(
        query=query,
        operation_name=operation_name or None,
        variables=variables,
        extensions=extensions,
        document_id=document_id,
    )


def _document_id(parameters: Mapping[str, Any], extensions: Mapping[str, Any]) -> str | None:
    """The id as the draft or Apollo sends it, without the draft's prefix. Where both come, they agree."""
    id, hashed = _text(parameters, "documentId"), _apollo_hash(extensions)
    id = None if id is None else bare_id(id)
    if id is not None and hashed is not None and id != hashed:
        raise Refusal("'documentId' and 'extensions.persistedQuery' name two documents", Code.BAD_REQUEST)
    return hashed if id is None else id


def bare_id(id: str) -> str:
    """An id without the draft's prefix, where it is one of its SHA-256 ids."""
    return id.removeprefix(SHA256) if len(id) == len(SHA256) + SHA256_DIGITS else id


def _apollo_hash(extensions: Mapping[str, Any]) -> str | None:
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict):
        raise Refusal("'extensions.persistedQuery' must be an object", Code.BAD_REQUEST)
    if persisted.get("version") != 1:
        raise Refusal("Unsupported persisted query version", Code.BAD_REQUEST)
    hashed = _text(persisted, "sha256Hash")
    if hashed is None:
        raise Refusal("Parameter 'sha256Hash' must be a non-empty string", Code.BAD_REQUEST)
    return bare_id(hashed)  # clients that graphql-codegen gave their ids send its prefix here too


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise Refusal(f"Parameter '{name}' must be a non-empty string", Code.BAD_REQUEST)
    return value


def _map(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = parameters.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal(f"Parameter '{name}' must be an object", Code.BAD_REQUEST)
    return value


def count_values(variables: Mapping[str, Any], enough: int) -> int:
    """Values in the variables, at any depth. Stops counting soon after `enough`."""
    count = 0
    pending: list[Any] = list(variables.values())
    while pending and count <= enough:
        value = pending.pop()
        count += 1
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return count
