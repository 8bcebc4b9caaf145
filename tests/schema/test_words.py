"""Every refusal and every rule has its sentence in both languages."""

from __future__ import annotations

import ast
from enum import Enum
from pathlib import Path

import pytest
from graphql import GraphQLInterfaceType

from domain.addresses import AddressRule
from domain.emails import BadEmail
from domain.identifiers import MalformedReason
from domain.keypad import BadPositions
from domain.phones import BadPhone
from domain.staff import BadReason
from models import Locale
from schema import words
from schema.root import build_schema
from tests import cast
from tests.schema.asking import Asker

ENUMS: dict[str, type[Enum]] = {
    "IDENTIFIER_": MalformedReason,
    "POSITIONS_": BadPositions,
    "PHONE_": BadPhone,
    "EMAIL_": BadEmail,
    "ADDRESS_": AddressRule,
    "REASON_": BadReason,
}
ALONE = {"PHONE_NOT_MOBILE", "SMS_CODE_MALFORMED"}
SENTENCES = {**words.PROBLEMS, **words.RULES}


def problem_codes() -> set[str]:
    """The code of every type that is a Problem, as its class says it."""
    schema = build_schema()
    interface = schema._schema.type_map["Problem"]
    assert isinstance(interface, GraphQLInterfaceType)
    codes = set()
    for kind in schema._schema.get_possible_types(interface):
        (origin,) = (
            definition.origin
            for name, definition in ((kind.name, kind.extensions["strawberry-definition"]),)
            if name
        )
        codes.add(origin.code)
    return codes


def rules_in_resolvers() -> set[str]:
    """What resolvers write as a rule: whole, or the part before the name of an enum's member."""
    found = set()
    for file in (Path(__file__).parents[2] / "resolvers").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InvalidField":
                rule = node.args[1]
                begins = rule.values[0] if isinstance(rule, ast.JoinedStr) else rule
                assert isinstance(begins, ast.Constant), ast.unparse(node)
                found.add(str(begins.value))
    return found


def test_every_problem_has_a_sentence_and_no_sentence_is_left_over() -> None:
    assert problem_codes() == set(words.PROBLEMS)


def test_resolvers_write_no_rule_that_is_not_known_here() -> None:
    assert rules_in_resolvers() == set(ENUMS) | ALONE


def test_every_rule_has_a_sentence_and_no_sentence_is_left_over() -> None:
    members = {f"{prefix}{member.name}" for prefix, enum in ENUMS.items() for member in enum}
    assert members | ALONE == set(words.RULES)
    assert all(member.name == member.value for member in AddressRule), "resolvers write the value"


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_is_one_in_each_language(name: str) -> None:
    said = words.problem if name in words.PROBLEMS else words.rule
    french, english = said(name, Locale.FR_FR), said(name, Locale.EN_GB)
    assert french != english
    for sentence in (french, english):
        assert sentence == " ".join(sentence.split())
        assert sentence[0].isupper()
        assert sentence.endswith(".")


async def test_a_refusal_speaks_french_unless_asked_for_english(ask: Asker) -> None:
    mutation = """mutation { requestPhoneChange(phone: "x") { ... on InvalidInput {
        message english: message(locale: EN_GB)
        fields { field rule message english: message(locale: EN_GB) } } } }"""
    assert (await ask(mutation, await cast.ines()))["requestPhoneChange"] == {
        "message": "Certaines informations sont à corriger.",
        "english": "Some details need correcting.",
        "fields": [
            {
                "field": "phone",
                "rule": "PHONE_CHARACTERS",
                "message": "Le numéro contient un caractère inattendu.",
                "english": "The number has an unexpected character.",
            }
        ],
    }


async def test_all_fields_are_told_by_the_names_the_client_gave_them(ask: Asker) -> None:
    mutation = """mutation($a: AddressInput!) { changeAddress(expectedVersion: 1, address: $a) {
        ... on InvalidInput { fields { field rule } } } }"""
    bad = {"lines": ["x" * 39], "postalCode": "", "city": "", "countryCode": "XX"}
    refused = (await ask(mutation, await cast.ines(), a=bad))["changeAddress"]
    assert sorted((part["field"], part["rule"]) for part in refused["fields"]) == [
        ("city", "ADDRESS_REQUIRED"),
        ("countryCode", "ADDRESS_UNKNOWN_COUNTRY"),
        ("lines.0", "ADDRESS_TOO_LONG"),
    ]
    bad |= {"postalCode": "7500", "countryCode": "FR", "lines": []}
    refused = (await ask(mutation, await cast.ines(), a=bad))["changeAddress"]
    assert [part["field"] for part in refused["fields"]] == ["lines", "postalCode", "city"]
