"""What a line was read as, before anything is done: every change as a chip, what was not understood, and the scenario
that comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from model.report.ask.completion import Completion
from model.report.ask.grammar import Puzzle

Asked = TypeVar("Asked")
MOST_OFFERED = 8


@dataclass(frozen=True)
class AskedChip:
    """One thing that would change: its ``name`` in the scenario and its label; ``back``: it would be taken back."""

    name: str
    label: str
    back: bool = False


@dataclass(frozen=True)
class AskReading(Generic[Asked]):
    """A ``line`` as it was understood: the scenario ``after`` it differs from the present one by the ``chips`` and by
    nothing else."""

    line: str
    after: Asked
    chips: tuple[AskedChip, ...]
    puzzles: tuple[Puzzle, ...]

    @property
    def certain(self) -> bool:
        """Whether all of the line was understood, and something would change."""
        return bool(self.chips) and not self.puzzles


def unread(line: str, now: Asked, why: str = "") -> AskReading[Asked]:
    """A line by which nothing changes: an empty one, or one that could not be read, and ``why``."""
    return AskReading(line, now, (), (Puzzle(line, why),) if why else ())


def announced(reading: AskReading[Asked]) -> str:
    """The reading in one sentence, for who hears it."""
    if not reading.line.strip():
        return ""
    told = [_listed("Understood", [each.label for each in reading.chips])] if reading.chips else []
    told += [_listed("Not understood", [each.said for each in reading.puzzles])] if reading.puzzles else []
    if not told:
        return "Nothing would change: it stands there already."
    return " ".join([*told, *(["Enter twice applies it."] if reading.certain else [])])


def _listed(what: str, of: Sequence[str]) -> str:
    return f"{what}: {'; '.join(of)}."


def offers(reading: AskReading[Asked], further: Sequence[Completion]) -> tuple[Completion, ...]:
    """What can be chosen under a line: what its puzzles could have been, and how it could go on; one of a label."""
    meant = [
        Completion(reading.line.replace(puzzle.said, instead, 1), instead)
        for puzzle in reading.puzzles
        for instead in puzzle.instead
    ]
    found = dict[str, Completion]()
    for each in (*further, *meant):
        if each.line.strip() != reading.line.strip():
            found.setdefault(each.label, each)
    return tuple(found.values())[:MOST_OFFERED]
