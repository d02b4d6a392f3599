"""Answers that somebody gives: typed at a question, on the command line, or in a file."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from cxlib.data.formats import COMMA, DAY_FIRST, MONTH_FIRST, POINT, YEAR_FIRST
from cxlib.errors import ArgumentError
from cxlib.onboard.questions import Question

# Answers that hold for every column, and what they may be.
GENERAL = {"dates": (DAY_FIRST, MONTH_FIRST, YEAR_FIRST), "decimal": (COMMA, POINT)}


def read_answers(file: Path | None, typed: Sequence[str]) -> dict[str, str]:
    """Answers by the keys of their questions: of a file, and of KEY=VALUE, which count for more.

    Raises:
        ArgumentError: The file is not there or no TOML, or a pair has no key.
    """
    found: dict[str, str] = {}
    if file:
        try:
            every = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ArgumentError(f"{file}: no file of answers: {error}") from None
        found = {key: str(value) for key, value in every.items()}
    for pair in typed:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise ArgumentError(f"--answer {pair}: must be KEY=VALUE, as the question says")
        found[key.strip()] = value.strip()
    return found


def check_general(answers: dict[str, str]) -> None:
    """Refuse an answer for all columns that is none for any.

    Raises:
        ArgumentError: There is such a one.
    """
    for key, known in GENERAL.items():
        if (value := answers.get(key, known[0])) not in known:
            raise ArgumentError(f"--{key} {value}: must be {' or '.join(known)}")


def asked_in_terminal(question: Question) -> str:
    """What somebody answers who sits at a terminal; empty if they leave it open."""
    import typer

    print(f"\n{question.text}")
    for number, (value, meaning) in enumerate(question.options.items(), start=1):
        print(f"  {number}  {value}: {meaning}")
    print(f"  Enter leaves it open: {question.guess or 'nothing'} is taken, and marked")
    while True:
        said = typer.prompt("", default="", show_default=False, prompt_suffix="> ").strip()
        if said.isdigit() and 1 <= int(said) <= len(question.options):
            said = list(question.options)[int(said) - 1]
        if not said or not (wrong := question.complaint(said)):
            return said
        print(f"  {said!r} {wrong}")
