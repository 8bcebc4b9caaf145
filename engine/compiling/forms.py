"""Forms of compiled operations: what is asked of the database, in which order, and what is counted of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.compiling.columns import Answer
from engine.planning.dialects import Dialect
from engine.planning.gates import Claim
from engine.planning.keysets import Part
from engine.planning.questions import Layout, Question
from engine.planning.tree import Rows

Reading = Generator[tuple[str, Sequence[Any]], list[Any], list[Any]]


@dataclass(frozen=True, slots=True)
class Form:
    """What is asked of the database for parts of one form, and the function that makes the answer of it."""

    questions: tuple[AskedQuestion, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One SQL text. `keys_in` is the question, and the place in its records, of the keys of the parents."""

    sql: str
    parameters: Callable[..., tuple[Any, ...]]
    is_grouped: bool
    keys_in: tuple[int, int] | None
    arrays: tuple[int, ...]  # one of each list that stands in the records


def asked_of(question: Question, questions: Sequence[Question], layout: Layout) -> AskedQuestion:
    """A question as it is asked: its text, a function of its parameters, and where its parents are."""
    keys_in = None
    if question.is_grouped:
        assert question.of is not None
        parent = question.of.parent
        assert parent is not None
        held_by = _question_of(question.of, questions, layout)
        keys_in = (questions.index(held_by), layout.at[parent, parent.pk])
    names = {"listed": question.dialect.listed}
    sources = "".join(f"{source}, " for source in question.sources)
    parameters = eval(f"lambda owner, claim, parts, parents: ({sources})", names)
    arrays = tuple(
        at[0] for rows, at in layout.arrays.items() if _question_of(rows, questions, layout) is question
    )
    return AskedQuestion(question.sql, parameters, question.is_grouped, keys_in, arrays)


def _question_of(rows: Rows, questions: Sequence[Question], layout: Layout) -> Question:
    """In whose records the parents of a list are, and its arrays."""
    holder = None if rows.parent is None else layout.holder[rows.parent]
    return questions[0] if holder is None or holder is layout.spread else layout.asked[holder]


def reading(form: Form, claim: Claim, parts: Sequence[Part], dialect: Dialect) -> Reading:
    """Asks all questions, the keys of parents being in the records of those before."""
    records: list[list[Any]] = []
    answers: list[Any] = []
    for question in form.questions:
        parents: Any = None
        if question.keys_in is not None:
            number, at = question.keys_in
            keys = {key: None for record in records[number] if (key := record[at]) is not None}
            parents = dialect.listed(keys)
        rows = yield question.sql, question.parameters(claim.owner, claim.values, parts, parents)
        if not answers and not rows:
            return []
        records.append(rows)
        if question.is_grouped:
            grouped: dict[Any, list[Any]] = {}
            for row in rows:
                grouped.setdefault(row[0], []).append(row)
            answers.append(grouped)
        else:
            answers.append(rows)
    return answers


def rows_count(questions: Sequence[AskedQuestion], answers: Sequence[Any]) -> int:
    """Rows and items of arrays that the answer is made of."""
    count = 0
    for question, answer in zip(questions, answers, strict=False):
        records = [row for rows in answer.values() for row in rows] if question.is_grouped else answer
        count += len(records)
        for at in question.arrays:
            count += sum(len(record[at]) for record in records if record[at] is not None)
    return count
