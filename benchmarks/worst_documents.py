"""The worst that one request can hold: a catalogue, and the code that each is to be refused with.

`UNIQUE` in a body stands for something that no request before it held, so that no memory helps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

UNIQUE = "qUNIQUE"

PARSE, VALIDATION = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
INPUT, REQUEST, LARGE = "BAD_USER_INPUT", "BAD_REQUEST", "PAYLOAD_TOO_LARGE"
DEAR = "COST_TOO_HIGH"

CONTRACT = """id version kind status regime label maskedNumber currency signedOn closedOn apr borrowingRate
    outstandingPrincipal overdue directDebit { maskedIban day } insurance { label monthlyCost }
    statementDelivery nextInstalment { id number dueOn status payment principal }"""
OPERATION = """id kind status occurredOn bookedOn label merchant category amount principal interest
    contract { id label } statement { id number } card { id maskedNumber }"""
STATEMENT = "id number openedOn closedOn paymentOn openingBalance closingBalance contract { id label }"
INTROSPECTION = """__schema { types { kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) { name description isDeprecated deprecationReason type { ...T }
        args(includeDeprecated: true) { name description defaultValue type { ...T } } }
    inputFields { name description defaultValue type { ...T } } interfaces { name }
    enumValues(includeDeprecated: true) { name description } possibleTypes { name } }
  directives { name description locations args { name type { ...T } } } }"""
TYPE = "fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"


@dataclass(frozen=True, slots=True)
class Worst:
    """A body to post, and the code of its refusal to a stranger in development; "" where it is answered.

    An answer may hold errors: strangers may read next to nothing.
    """

    name: str
    body: bytes
    code: str

    def fresh(self, number: int) -> bytes:
        """The body, unlike any before."""
        return self.body.replace(UNIQUE.encode(), b"q%d" % number)


def catalogue() -> list[Worst]:
    """All of it."""
    documents = [Worst(name, _body(query, variables), code) for name, code, query, variables in _documents()]
    return documents + [Worst(name, body, code) for name, code, body in _bodies()]


def _body(query: str, variables: dict[str, Any] | None = None) -> bytes:
    return json.dumps({"query": query, "variables": variables or {}}).encode()


Row = tuple[str, str, str, dict[str, Any] | None]


def _documents() -> Iterator[Row]:
    for name, code, query in (*_long(), *_wide(), *_deep(), *_fragments(), *_rules(), *_answered()):
        yield name, code, f"query {UNIQUE} {query}" if query.startswith("{") else query, None
    yield from _variables()


def _long() -> Iterator[tuple[str, str, str]]:
    yield "a field 10,000 times", PARSE, "{ contact { " + "phone " * 8_000 + "} }"
    yield "a field 300 times", VALIDATION, "{ contact { " + "phone " * 300 + "} }"
    yield "a field 980 times", VALIDATION, "{ contact { " + "phone " * 980 + "} }"
    yield "49 kB of braces", PARSE, "{" * 49_000
    yield "49 kB of spaces", "", "{ contact { phone } }" + " " * 49_000
    yield "49 kB of commas", "", "{ contact { phone } }" + "," * 49_000
    yield "49 kB of lines", "", "{ contact { phone } }" + "\n" * 49_000
    yield "24,000 comments", PARSE, "{ contact { phone } }" + "#\n" * 24_000
    yield "a comment of 49 kB", "", "{ contact { phone } }#" + "x" * 49_000
    yield "a string of 49 kB", VALIDATION, '{ node(id: "' + "x" * 49_000 + '") { id } nothing }'
    yield "a string of 12,000 escapes", VALIDATION, '{ node(id: "' + "\\n" * 24_000 + '") { id } nothing }'
    yield (
        "a block string of 24,000 lines",
        VALIDATION,
        '{ node(id: """' + "\n " * 24_000 + 'x""") { id } no }',
    )
    yield "a name of 49 kB", VALIDATION, "{ " + "n" * 49_000 + " }"
    yield "an int of 49,000 digits", VALIDATION, "{ contact { phone } node(id: " + "9" * 49_000 + ") { no } }"
    yield (
        "an int of 4,000 digits",
        VALIDATION,
        "{ customer { operations(first: " + "9" * 4_000 + ") { nodes { id } } } }",
    )


def _wide() -> Iterator[tuple[str, str, str]]:
    yield "5,000 aliases", PARSE, "{ " + " ".join(f"a{n}: __typename" for n in range(3_000)) + " }"
    yield "300 aliases", VALIDATION, "{ " + " ".join(f"a{n}: __typename" for n in range(300)) + " }"
    yield (
        "60 operations",
        "OPERATION_RESOLUTION_FAILURE",
        " ".join(f"query {UNIQUE}{n} {{ contact {{ phone }} }}" for n in range(60)),
    )
    yield "300 unknown fields", VALIDATION, "{ " + " ".join(f"custome{n}" for n in range(20)) + " }"
    yield (
        "unknown fields below",
        VALIDATION,
        "{ customer { " + " ".join(f"firstName{n}" for n in range(400)) + "} }",
    )
    yield (
        "unknown types",
        VALIDATION,
        "{ customer { " + " ".join(f"... on Operatio{n} {{ id }}" for n in range(150)) + "} }",
    )
    yield (
        "unknown values of an enum",
        VALIDATION,
        "{ customer { contracts(kinds: ["
        + " ".join(f"PERSONAL_LOA{n}" for n in range(800))
        + "]) { id } } }",
    )
    yield (
        "unknown arguments",
        VALIDATION,
        "{ customer { contracts(" + " ".join(f"kind{n}: 1" for n in range(300)) + ") { id } } }",
    )
    yield "300 directives", VALIDATION, "{ contact { phone " + "@skip(if: false) " * 140 + "} }"


def _deep() -> Iterator[tuple[str, str, str]]:
    for depth in (15, 40, 450, 10_000):
        code = PARSE if depth > 400 else VALIDATION
        yield f"{depth} braces deep", code, "{ a" * depth + " }" * depth
        yield f"{depth} lists deep", code, "{ node(id: " + "[" * depth + "]" * depth + ") { no } }"
        yield f"{depth} objects deep", code, "{ node(id: " + "{a:" * depth + "1" + "}" * depth + ") { no } }"
    yield (
        "introspection in circles",
        VALIDATION,
        "{ __schema { types { " + "fields { type { " * 6 + "name" + " } }" * 6 + " } } }",
    )
    yield (
        "fields and types nested twice",
        "",
        "{ __schema { types { fields { name type { name fields { name } } } } } }",
    )


def _fragments() -> Iterator[tuple[str, str, str]]:
    many = " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(600))
    yield "600 fragments", PARSE, "{ " + " ".join(f"...F{n}" for n in range(600)) + " } " + many
    links = " ".join(
        f"fragment F{n} on Shown {{ a: b {{ ...F{n + 1} }} c: b {{ ...F{n + 1} }} }}" for n in range(40)
    )
    yield "fragments that double", VALIDATION, "{ ...F0 } " + links
    doubled = " ".join(
        f"fragment F{n} on Customer {{ ...F{n + 1} ...F{n + 1} ...F{n + 1} ...F{n + 1} }}" for n in range(49)
    )
    yield "fragments spread four times", VALIDATION, "{ customer { ...F0 } } " + doubled
    circle = " ".join(f"fragment F{n} on Customer {{ id ...F{(n + 1) % 50} }}" for n in range(50))
    yield "a circle of 50 fragments", VALIDATION, "{ customer { ...F0 } } " + circle
    all_of_all = " ".join(
        f"fragment F{n} on Customer {{ {' '.join(f'...F{m}' for m in range(17))} }}" for n in range(17)
    )
    yield "fragments that all spread all", VALIDATION, "{ customer { ...F0 } } " + all_of_all
    downward = " ".join(
        f"fragment F{n} on Customer {{ id {' '.join(f'...F{m}' for m in range(n + 1, 24))} }}"
        for n in range(24)
    )
    yield "fragments that spread all below", VALIDATION, "{ customer { ...F0 } } " + downward


def _rules() -> Iterator[tuple[str, str, str]]:
    """Dear for the rules of validation, within 1,000 tokens."""
    pairs = " ".join("contracts { id label }" for _ in range(120))
    yield "120 equal selections", VALIDATION, "{ customer { " + pairs + " nothing } }"
    arguments = " ".join("contracts(kinds: [PERSONAL_LOAN], statuses: [ACTIVE]) { id }" for _ in range(60))
    yield "60 equal arguments", VALIDATION, "{ customer { " + arguments + " nothing } }"
    nested = "id"
    for _ in range(4):
        nested = f"contract {{ operations {{ nodes {{ {nested} }} }} }} " * 2
    yield "overlaps in overlaps", VALIDATION, "{ customer { operations { nodes { " + nested + "} } } }"
    abstract = " ".join(f"... on {t} {{ label id status }}" for t in ("PersonalLoan", "CardAccount") * 60)
    yield "120 inline fragments", VALIDATION, "{ customer { contracts { " + abstract + " nothing } } }"
    variables = " ".join(f"$v{n}: Int = 1" for n in range(160))
    yield "160 unused variables", VALIDATION, f"query {UNIQUE} ({variables}) {{ contact {{ phone }} }}"
    spreads = "".join(f"query {UNIQUE}{n} {{ ...F0 }} " for n in range(70))
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} node(id: $x) {{ id }} }} " for n in range(25))
    yield "70 operations over 25 fragments", VALIDATION, spreads + chain
    literal = "{" + " ".join(f'lines: ["{n}"] postalCode: "{n}"' for n in range(100)) + "}"
    yield (
        "an input of 200 keys",
        VALIDATION,
        f"mutation {{ changeAddress(address: {literal}, expectedVersion: 1) {{ __typename }} }}",
    )


def _answered() -> Iterator[tuple[str, str, str]]:
    """Valid, and dear."""
    yield "introspection", "", f"query {UNIQUE} {{ {INTROSPECTION} }} {TYPE}"
    aliased = " ".join(f"a{n}: {INTROSPECTION}" for n in range(6))
    yield "introspection six times", DEAR, f"query {UNIQUE} {{ {aliased} }} {TYPE}"
    names = " ".join(
        f"a{n}: __schema {{ types {{ name fields {{ name args {{ name }} }} }} }}" for n in range(20)
    )
    yield "20 aliases of the schema", "", "{ " + names + " }"
    yield "a tiny one", "", "{ contact { phone } }"
    yield (
        "the same field of all, 20 times",
        "",
        "{ " + " ".join(f"a{n}: contact {{ phone }}" for n in range(20)) + " }",
    )
    yield "contracts", "", f"{{ customer {{ contracts {{ {CONTRACT} }} }} }}"
    yield (
        "30 aliases of the contracts",
        "",
        "{ customer { " + " ".join(f"a{n}: contracts {{ {CONTRACT} }}" for n in range(15)) + "} }",
    )
    yield "100 operations", "", f"{{ customer {{ operations(first: 100) {{ nodes {{ {OPERATION} }} }} }} }}"
    yield (
        "30 aliases of 100 operations",
        DEAR,
        "{ customer { "
        + " ".join(f"a{n}: operations(first: 100) {{ nodes {{ {OPERATION} }} }}" for n in range(20))
        + "} }",
    )
    for length, code in ((100, DEAR), (25, "")):
        yield (
            f"{length} of each of each contract",
            code,
            f"{{ customer {{ contracts {{ {CONTRACT} "
            f"statements(first: {length}) {{ nodes {{ {STATEMENT} }} }}"
            f" operations(first: {length}) {{ totalCount nodes {{ {OPERATION} }} }} }} }} }}",
        )
    yield (
        "statements and their operations",
        DEAR,
        "{ customer { contracts { statements(first: 40) { nodes { id operations(first: 20) "
        "{ nodes { id label contract { id label nextInstalment { id } } } } } } } } }",
    )
    yield (
        "pages of pages",
        DEAR,
        "{ customer { operations(first: 100) { nodes { contract { operations(first: 100) { nodes { contract "
        "{ operations(first: 100) { nodes { id } } } } } } } } } }",
    )
    beside = " ".join(f"a{n}: operations(first: 0) {{ __typename }}" for n in range(8))
    yield (
        "eight empty pages of each of 100 contracts",
        "",
        f"{{ customer {{ operations(first: 100) {{ nodes {{ contract {{ {beside} }} }} }} }} }}",
    )
    many = " ".join(f"a{n}: contract {{ id }}" for n in range(18))
    yield (
        "1,800 contracts",
        "",
        f"{{ customer {{ operations(first: 100) {{ nodes {{ {many} }} }} }} }}",
    )
    pages = " ".join(f"a{n}: operations(first: {100 - n}) {{ pageInfo {{ endCursor }} }}" for n in range(9))
    yield (
        "pages of which no row is asked for",
        "",
        f"{{ customer {{ statements(first: 4) {{ nodes {{ {pages} }} }} }} }}",
    )
    yield (
        "amortisation tables",
        DEAR,
        "{ customer { "
        + " ".join(
            f"a{n}: contracts {{ ... on PersonalLoan {{ amortisationTable {{ id number dueOn payment "
            "principal interest insurance outstandingAfter } } }"
            for n in range(20)
        )
        + "} }",
    )


def _variables() -> Iterator[Row]:
    kinds = f"query {UNIQUE} ($v: [ContractKind!]) {{ customer {{ contracts(kinds: $v) {{ id }} }} }}"
    yield "1,900 kinds that are none", INPUT, kinds, {"v": [f"KIND{n}" for n in range(1_900)]}
    yield "1,900 numbers for kinds", INPUT, kinds, {"v": list(range(1_900))}
    yield "1,900 kinds", "", kinds, {"v": ["PERSONAL_LOAN"] * 1_900}
    filtered = (
        f"query {UNIQUE} ($v: OperationFilter) "
        "{ customer { operations(filter: $v) { totalCount nodes { id } } } }"
    )
    yield "1,900 ids", "", filtered, {"v": {"contractIds": [f"Q29udHJhY3Q{n}" for n in range(1_900)]}}
    yield "1,900 unknown keys", INPUT, filtered, {"v": {f"contractId{n}": 1 for n in range(1_900)}}
    yield "1,900 categories", "", filtered, {"v": {"categories": [f"category {n}" for n in range(1_900)]}}
    yield "a text of 90 kB", "", filtered, {"v": {"text": "%_" * 45_000}}
    yield "a text of 80 letters", "", filtered, {"v": {"text": "%a_é" * 20}}
    node = f"query {UNIQUE} ($v: ID!) {{ node(id: $v) {{ id }} }}"
    yield "an id of 90 kB", "", node, {"v": "Q" * 90_000}
    after = f"query {UNIQUE} ($v: String!) {{ customer {{ operations(after: $v) {{ nodes {{ id }} }} }} }}"
    yield "a cursor of 90 kB", "", after, {"v": "Q" * 90_000}
    first = f"query {UNIQUE} ($v: Int!) {{ customer {{ operations(first: $v) {{ nodes {{ id }} }} }} }}"
    yield "a page of 2 billion", "", first, {"v": 2**31 - 1}
    log_in = (
        f"mutation {UNIQUE} ($v: Identifier!) {{ logIn(identifier: $v) {{ __typename "
        "... on KeypadStep { keypad { challengeId keys { position label } } } } }"
    )
    yield "a card number of 90 kB", "", log_in, {"v": {"cardOrCreditNumber": "3" * 90_000}}
    yield "a card number of 18,000 signs", "", log_in, {"v": {"cardOrCreditNumber": "３ " * 9_000}}
    yield "a sign-in", "", log_in, {"v": {"cardOrCreditNumber": "30601020304050600"}}
    phone = f'mutation {UNIQUE} ($v: String!) {{ confirmPhone(flowId: "x", phone: $v) {{ __typename }} }}'
    yield "a phone of 90 kB", "", phone, {"v": "+33 6" + "-1" * 44_000}
    code = f'mutation {UNIQUE} ($v: String!) {{ enterSmsCode(flowId: "x", code: $v) {{ __typename }} }}'
    yield "a code of 90 kB", "", code, {"v": "1" * 90_000}
    defaults = " ".join(f"$v{n}: String" for n in range(240))
    yield (
        "240 variables of 300 letters",
        VALIDATION,
        f"query {UNIQUE} ({defaults}) {{ contact {{ phone }} }}",
        {f"v{n}": "x" * 300 for n in range(240)},
    )


def _bodies() -> Iterator[tuple[str, str, bytes]]:
    """Dear before GraphQL begins."""
    begin = b'{"query": "{ contact { phone } }", "variables": '
    yield "99,000 open lists", REQUEST, b"[" * 99_000
    yield "49,000 lists in lists", REQUEST, begin + b"[" * 49_000 + b"]" * 49_000 + b"}"
    yield "1,000 objects in objects", "", begin + b'{"a":' * 1_000 + b"1" + b"}" * 1_000 + b"}"
    yield "16,000 objects in objects", REQUEST, begin + b'{"a":' * 16_000 + b"1" + b"}" * 16_000 + b"}"
    yield "24,000 equal keys", REQUEST, begin + b"{" + b'"a":1,' * 16_000 + b'"a":1}}'
    yield (
        "9,000 keys",
        LARGE,
        begin + b"{" + b",".join(b'"%d":1' % n for n in range(9_000)) + b"}}",
    )
    yield "45,000 values", LARGE, begin + b'{"a":[' + b"1," * 45_000 + b"1]}}"
    yield "45,000 values beside", "", begin + b'{}, "other": [' + b"1," * 45_000 + b"1]}"
    yield (
        "30,000 empty lists and a key twice",
        REQUEST,
        begin + b'{"b":1,"b":2}, "o": [' + b"[]," * 30_000 + b"1]}",
    )
    yield "30,000 key ends in a string", "", begin + b'{}, "other": "' + b'\\":' * 30_000 + b'"}'
    yield "a key and 90 kB of spaces", "", begin + b'{"a"' + b" " * 90_000 + b": 1}}"
    yield "quotes and spaces", "", begin + b'{}, "other": "' + (b'\\"' + b" " * 300) * 290 + b'"}'
    yield "90 kB of numbers", REQUEST, begin + b'{"a":' + b"9" * 90_000 + b"}}"
    yield "a number of 5,000 digits", REQUEST, begin + b'{"a": -' + b"1" * 5_000 + b"." + b"1" * 5_000 + b"}}"
    yield "broken UTF-8", REQUEST, begin + b'"' + b"\xff" * 90_000 + b'"}'
    yield "lone surrogates", REQUEST, begin + b'{"a":"' + b"\\ud800" * 15_000 + b'"}}'
    yield "200 kB", LARGE, b'{"query": "' + b" " * 200_000 + b'"}'
