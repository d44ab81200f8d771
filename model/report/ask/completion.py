"""How a line that is being typed could go on: names and bands that its last words begin."""

from collections.abc import Sequence
from dataclasses import dataclass

from model.report.ask.amounts import ends
from model.report.ask.tokens import END, LineToken, compared, tokens
from model.report.ask.vocabulary import Item, Named, Term, TextTerm, Vocabulary, strip

MOST = 6
NARROWING = frozenset({"for", "only"})  # words after which a band of a segment follows


@dataclass(frozen=True)
class Completion:
    """One way to go on: the ``line`` as it would be, the words it is shown by, and what can be set there."""

    line: str
    label: str
    note: str = ""


def completions(line: str, vocabulary: Vocabulary) -> tuple[Completion, ...]:
    """The best ways in which a line could go on, none where its last words are whole already."""
    given = tokens(line, vocabulary.currency)
    for start, token in enumerate(given):  # the longest run of last words that begins something
        narrowed = start > 0 and given[start - 1].key in NARROWING
        if _may_begin(vocabulary, given[start:]) and (token.kind == "word" or narrowed):
            found = _begun_by(compared(given[start:]), vocabulary, whole=line[-1:].isspace(), narrowed=narrowed)
            if found:
                before = line[: token.start].rstrip()
                return tuple(_completion(f"{before} " if before else "", item, narrowed) for item in found[:MOST])
    return ()


def _may_begin(vocabulary: Vocabulary, rest: Sequence[LineToken]) -> bool:
    """Whether the last words may begin something: the first says something, and there are no more than a name has."""
    short = len(rest) <= vocabulary.longest and not any(each.key == END for each in rest)
    return short and rest[0].compared and rest[0].key not in vocabulary.fillers


def _begun_by(words: Sequence[str], vocabulary: Vocabulary, whole: bool, narrowed: bool) -> list[Item]:
    """Everything that has a name of which the words are the beginning, the best first; ``whole``: the last word is one,
    so that what is all typed is none; ``narrowed``: bands of segments only."""
    wanted = strip(tuple(words))
    ranked: dict[str, tuple[int, int, Item]] = {}
    for k, (name, _, item) in enumerate(vocabulary.spoken):
        remark = isinstance(item, Named) and (item.kind == "remark" or (narrowed and item.kind != "band"))
        if remark or (narrowed and not isinstance(item, Named)):
            continue
        rank = _rank(wanted, name, whole)
        if rank is not None and (item.label not in ranked or ranked[item.label][0] > rank):
            ranked[item.label] = (rank, k, item)
    return [item for _, _, item in sorted(ranked.values(), key=lambda each: each[:2])]


def _rank(wanted: tuple[str, ...], name: tuple[str, ...], whole: bool) -> int | None:
    """How well words begin a name, 0 best; None if they do not."""
    if len(wanted) > len(name) or (whole and wanted == name):
        return None
    if name[: len(wanted) - 1] == wanted[:-1] and name[len(wanted) - 1].startswith(wanted[-1]):
        return 0
    rest = iter(name)
    return 1 if all(any(each.startswith(word) for each in rest) for word in wanted) else None


def _completion(before: str, item: Item, narrowed: bool) -> Completion:
    if isinstance(item, Term):
        return Completion(f"{before}{item.label} ", item.label, ends(item))
    if isinstance(item, TextTerm):
        return Completion(f"{before}{item.label}: ", item.label)
    return Completion(f"{before}{item.label.removeprefix('only ') if narrowed else item.label}", item.label)
