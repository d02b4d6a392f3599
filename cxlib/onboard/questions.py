"""What only a person can say of their files: asked, answered, and written down.

A question has a guess, so that a first mapping never waits for its answer; then it stays marked.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cxlib.data.marks import UNSURE
from cxlib.errors import ArgumentError

ANSWERED = "answered"  # how a remark begins where somebody has said how it is


@dataclass(frozen=True)
class Question:
    """Something that files do not tell.

    Attributes:
        key: What it is about, such as `tickets.opened_at.dates`; an answer to `dates` alone holds
            for every column.
        text: The question, in words.
        options: Each answer, and what it means; a line where any text will do.
        guess: What is taken while nobody answers.
        wrong: Says what is wrong with an answer; empty if nothing is.
    """

    key: str
    text: str
    options: Mapping[str, str]
    guess: str
    wrong: Callable[[str], str] = lambda _: ""

    def complaint(self, value: str) -> str:
        """What is wrong with an answer; empty if nothing is."""
        if self.options and value not in self.options:
            return f"must be {' or '.join(self.options)}"
        return self.wrong(value)


@dataclass(frozen=True)
class Answer:
    """What is taken for an answer, and whether somebody has given it."""

    question: Question
    value: str
    given: bool

    @property
    def remark(self) -> str:
        """The comment beside what was made of it."""
        question = self.question
        meaning = question.options.get(self.value, self.value)
        if self.given:
            return f"{ANSWERED}: {meaning}"
        others = [each for each in question.options if each != self.value]
        said = f"--answer {question.key}={' or '.join(others) or 'ANSWER'}"
        return f"{UNSURE}: {question.text} Taken as {self.value}; if not, {said}"


@dataclass
class Interview:
    """The questions of one `cx init`, with the answers that are known beforehand.

    Attributes:
        known: Answers by key; `dates` answers `tickets.opened_at.dates` as well.
        ask: Asks a person; None where nobody sits there.
        answers: What has been asked so far, in order.
    """

    known: Mapping[str, str] = field(default_factory=dict)
    ask: Callable[[Question], str] | None = None
    answers: list[Answer] = field(default_factory=list)

    def put(self, question: Question) -> Answer:
        """Ask once; a person, if what is known does not answer it.

        Raises:
            ArgumentError: The answer that is known is none of those that there are.
        """
        for each in self.answers:
            if each.question.key == question.key:
                return each
        exact, value = self._known(question)
        if value is None and self.ask:
            value = self.ask(question) or None
        if value is not None and (wrong := question.complaint(value)):
            # An answer for all columns need not be one for each.
            if exact:
                raise ArgumentError(f"{question.key} == {value!r}, {wrong}: {question.text}")
            value = None
        found = Answer(question, question.guess if value is None else value, value is not None)
        self.answers.append(found)
        return found

    def _known(self, question: Question) -> tuple[bool, str | None]:
        """The answer that is known, and whether it is to this very question."""
        parts = question.key.split(".")
        # The whole key, or what is left of it without the file, or without the column as well.
        for start in range(len(parts)):
            if (short := ".".join(parts[start:])) in self.known:
                return start == 0, self.known[short]
        return False, None


def written_down(answers: list[Answer]) -> str:
    """Answers as TOML, to be given again; guesses stand there as comments."""
    lines = ["# What cx init asked, and what was answered. Give it again with --answers FILE."]
    for each in answers:
        lines += ["", f"# {' '.join(each.question.text.split())}"]
        lines += [f"#   {value}: {meaning}" for value, meaning in each.question.options.items()]
        lines.append(
            f"{'' if each.given else '# '}{_text(each.question.key)} = {_text(each.value)}"
        )
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    # TOML writes texts as JSON does.
    return json.dumps(value, ensure_ascii=False)
