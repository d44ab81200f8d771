"""The line that is asked in words, where the model is silent."""

from types import SimpleNamespace
from typing import Any

from model.errors import RemoteError
from pages.shared.ask_line import AskLine, further, read


def silent(*_: object) -> Any:
    raise RemoteError("The model does not answer.")


def test_a_model_that_does_not_answer_is_told_in_the_line_and_an_empty_line_asks_nothing():
    memory: Any = SimpleNamespace(current=lambda: "as it is", page="customer")
    line = AskLine(memory, read=silent, complete=silent, example=silent)
    model: Any = None
    found = read(line, model, "utilisation 60")
    assert (found.after, found.chips) == ("as it is", ())
    assert [puzzle.why for puzzle in found.puzzles] == ["The model does not answer."]
    assert further(line, model, found) == ()
    assert read(line, model, " ").puzzles == ()
