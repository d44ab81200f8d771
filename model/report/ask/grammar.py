"""The grammar: a line is parts after one another, each a name with its value, a name that sets something by itself, or
a text with its name. Whatever is none of these is a puzzle, told with what it could have been; nothing is guessed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from model.report.ask.amounts import Amount, Doubt, amount, ends, spans, value_of
from model.report.ask.tokens import END, LineToken, compared, tokens
from model.report.ask.vocabulary import MOST_OFFERED, Item, Keys, Named, Setting, Term, TextTerm, Vocabulary
from model.whatif.book.scenario import PRESET

LONGEST = 600  # characters of a line
SOFT = frozenset({",", END, "and", "with", "for", "only", "("})  # where one part may end and another begin
TAKEN_BACK = frozenset({"without", "no", "reset"})
MOST_PUZZLED = 3  # parts not understood for which something like them is looked for
Current = Callable[[str], float | None]


@dataclass(frozen=True)
class Puzzle:
    """A part of the line that was not understood: what was ``said``, ``why`` not, and lines that would be."""

    said: str
    why: str
    instead: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What is said of it, after its words: a question as one."""
        return f": {self.why}" if self.why.endswith("?") else f" was not understood. {self.why}"


@dataclass(frozen=True)
class LinePart:
    """A part of the line that was understood, up to the token ``end``: what it sets, or the ``puzzle`` that it is.
    ``tier``: how loosely it was named, 0 being to the letter; ``named``: the token after its name."""

    settings: tuple[Setting, ...]
    end: int
    tier: int = 0
    kind: str = ""
    puzzle: Puzzle | None = None
    named: int = 0


@dataclass(frozen=True)
class LineRead:
    """What a line sets, in order, and what of it is a puzzle; ``said``: its words, by the name of what they set."""

    settings: tuple[Setting, ...]
    puzzles: tuple[Puzzle, ...]
    said: Mapping[str, str] = field(default_factory=dict)


def parse(line: str, vocabulary: Vocabulary, current: Current, stressed: bool = False) -> LineRead:
    """Read a line; ``current`` says where a number stands, for what moves it by something; ``stressed``: a preset is
    chosen, so that what moves the economy by something moves it beyond that. Never raises."""
    if len(line) > LONGEST:
        why = f"A line may be {LONGEST} characters long; this one has {len(line):,}."
        return LineRead((), (Puzzle(f"{line[:40]}…", why),))
    found = _Reader(line, vocabulary, current, stressed).read()
    chosen = any(name == PRESET and value for name, value in found.settings)
    return _Reader(line, vocabulary, current, chosen).read() if chosen and not stressed else found


class _Reader:
    """One line being read."""

    def __init__(self, line: str, vocabulary: Vocabulary, current: Current, stressed: bool) -> None:
        self.line, self.vocabulary, self.current, self.stressed = line, vocabulary, current, stressed
        self.given = tokens(line, vocabulary.currency)
        self.set_here: dict[str, float] = {}

    def read(self) -> LineRead:
        at, settings, puzzles = 0, list[Setting](), list[Puzzle]()
        kind, said = "", dict[str, str]()
        while at < len(self.given):
            part = self.severity(at) if kind == "preset" else None
            part = part or self.part(at)
            if part is None and self.skipped(self.given[at]):
                at += 1
                continue
            if part is None:
                part = self.puzzled(at, looked_for=len(puzzles) < MOST_PUZZLED)
            settings += part.settings
            self.set_here |= {name: value for name, value in part.settings if isinstance(value, float)}
            said |= {name: self.said(at, part.end) for name, _ in part.settings}
            puzzles += [part.puzzle] if part.puzzle else []
            at, kind = part.end, part.kind
        return LineRead(tuple(settings), tuple(puzzles), said)

    def skipped(self, token: LineToken) -> bool:
        """Whether a token says nothing by itself."""
        return token.key in self.vocabulary.fillers or (token.kind == "mark" and token.key != "%")

    # ---- the parts ----------------------------------------------------------------------------------------------

    def part(self, at: int) -> LinePart | None:
        """The part that begins at a token: the longest there is, and of those the one named most to the letter."""
        if not self.given[at].compared and self.given[at].kind != "currency" and self.given[at].key not in "+-":
            return None
        found = [*self.texts(at), *self.exactly(at), *self.sentence(at), *self.taken_back(at)]
        loosely = self.loosely(at)
        longest = max((each.end for each in found), default=0)
        found += [each for each in loosely if each.puzzle is None and each.end > longest]
        if not found:
            return self.unvalued(at) or next(iter(loosely), None)
        best = max(found, key=lambda each: (each.puzzle is None, self.ends_at(each.end), each.end, -each.tier))
        rivals = {
            each.settings for each in found if (each.end, each.tier, each.puzzle) == (best.end, best.tier, best.puzzle)
        }
        if len(rivals) > 1:
            alike = [each for each in found if (each.end, each.tier) == (best.end, best.tier)]
            names = {name for each in alike for name, _ in each.settings}
            items = [each for each in self.vocabulary.items if isinstance(each, Term) and each.name in names]
            return self.ambiguous(at, best.end, items, named=best.named or best.end)
        return best

    def ends_at(self, at: int) -> bool:
        """Whether a part may end before a token."""
        return at >= len(self.given) or self.given[at].key in SOFT or self.skipped(self.given[at])

    def exactly(self, at: int) -> list[LinePart]:
        """What is named to the letter, shorter names first, with its value if it takes one."""
        parts = (self.valued(at, after, item, tier=0) for item, after in self.named_exactly(at))
        return [each for each in parts if each is not None]

    def named_exactly(self, at: int) -> Iterator[tuple[Item, int]]:
        """What the tokens from ``at`` on name to the letter, and where its name ends, shorter names first."""
        name, after = list[str](), at
        while after < len(self.given) and len(name) < self.vocabulary.longest:
            token, after = self.given[after], after + 1
            if not token.compared:
                continue
            name.append(token.key.casefold())
            for item in self.vocabulary.exact.get(tuple(name), ()):
                yield item, after

    def valued(self, at: int, after: int, item: Item, tier: int) -> LinePart | None:
        """What is named by the tokens before ``after``, with the value that stands there."""
        if isinstance(item, Named):
            return LinePart(item.settings, after, tier, item.kind)
        if isinstance(item, TextTerm):
            return None
        given = amount(self.given, after, item.quantity)
        return None if given is None else replace(self.put(at, item, given, tier=tier), named=after)

    def unvalued(self, at: int) -> LinePart | None:
        """A number that is named to the letter, but put to nothing."""
        for end in range(self.stop(at), at, -1):
            name = compared(self.given[at:end])
            if self.given[end - 1].compared and self.ends_at(end):
                for item in self.vocabulary.exact.get(name, ()):
                    if isinstance(item, Term):
                        return LinePart(
                            (), end, puzzle=Puzzle(self.said(at, end), f"{item.label}: {ends(item)} can be set.")
                        )
        return None

    def put(self, at: int, term: Term, given: Amount, tier: int, end: int | None = None) -> LinePart:
        """A term put to an amount, or the puzzle that it is."""
        end = given.end if end is None else end
        if self.stressed and term.beyond and given.way != "to":
            if given.told or given.way == "by":
                term = self.vocabulary.terms[term.beyond]
            elif given.sign:
                puzzle = self.beyond_or_in_all(self.said(at, end), term, given)
                return LinePart((), end, tier, puzzle=puzzle)
        value = value_of(term, given, self.now(term.name))
        if isinstance(value, Doubt):
            return LinePart((), end, tier, puzzle=Puzzle(self.said(at, end), value.why, value.instead))
        return LinePart(((term.name, value),), end, tier)

    def beyond_or_in_all(self, said: str, term: Term, given: Amount) -> Puzzle:
        """A change of the economy under a preset, of which it is not said from where it is counted."""
        beyond = self.vocabulary.terms[term.beyond]
        size = term.tell(float(given.number))
        instead = (f"{term.label} {size} beyond the scenario", f"{term.label} to {size}")
        return Puzzle(said, f"{beyond.label}, or in all?", instead)

    def now(self, name: str) -> float | None:
        """Where a number stands: as it is, or as the line has set it before."""
        return self.set_here[name] if name in self.set_here else self.current(name)

    def sentence(self, at: int) -> list[LinePart]:
        """What is told as in a sentence, its value in the middle: 2 months late now, balances 20 % higher."""
        found = list[LinePart]()
        for before, after, term in self.vocabulary.around:
            start = spans(self.given, at, before)
            if start is None:
                continue
            given = amount(self.given, start, term.quantity)
            if given is None:
                continue
            ended = (spans(self.given, k, after) for k in range(given.end, start, -1))  # what follows may be its unit
            end = next((each for each in ended if each is not None), None)
            if end is not None:
                found.append(self.put(at, term, given, tier=0, end=end))
        return found

    def severity(self, at: int) -> LinePart | None:
        """Right after a preset a percentage is how much of it."""
        term = next((each for each in self.vocabulary.items if each.names[:1] == ("severity",)), None)
        start = at
        while start < len(self.given) and self.given[start].key in ("at", ",", "with", "and", "("):
            start += 1
        if not isinstance(term, Term):
            return None
        given = amount(self.given, start, term.quantity)
        if given is None or given.unit != "%" or given.way == "by":
            return None
        end = given.end
        for rest in (("of", "its", "severity"), ("of", "severity"), ("severity",)):
            end = spans(self.given, given.end, rest) or end
            if end != given.end:
                break
        return self.put(at, term, given, tier=0, end=end)

    def texts(self, at: int) -> list[LinePart]:
        """A text with its name before it: in quotes, or up to what ends a part."""
        found = list[LinePart]()
        for item in self.vocabulary.items:
            for name in item.names if isinstance(item, TextTerm) else ():
                start = spans(self.given, at, compared(tokens(name)))
                if start is not None and isinstance(item, TextTerm):
                    found.append(self.text(at, start, item))
        return found

    def text(self, at: int, start: int, item: TextTerm) -> LinePart:
        while start < len(self.given) and self.given[start].key in (":", "="):
            start += 1
        if start < len(self.given) and self.given[start].kind == "text":
            return LinePart(((item.name, self.given[start].key),), start + 1)
        end = start
        while end < len(self.given) and self.given[end].key != END:
            end += 1
        words = self.line[self.given[start].start : self.given[end - 1].end] if end > start else ""
        if not words:
            return LinePart((), end, puzzle=Puzzle(self.said(at, end), f"{item.label}: what it is to be is missing."))
        return LinePart(((item.name, words),), end)

    def taken_back(self, at: int) -> list[LinePart]:
        """Something back to where it stands by itself: without limits."""
        if self.given[at].key not in TAKEN_BACK or at + 1 == len(self.given):
            return []
        named = self.named_exactly(at + 1)
        return [LinePart(((item.name, None),), after) for item, after in named if isinstance(item, Term | TextTerm)]

    # ---- names that are not given to the letter ------------------------------------------------------------------

    def loosely(self, at: int) -> list[LinePart]:
        """What is named by some of its words or their beginnings; a puzzle where that could be several."""
        stop = self.stop(at)
        for end in range(stop, at, -1):
            part = self.loose_name(at, end)
            if part is not None:
                return [part]
        return []

    def stop(self, at: int) -> int:
        """Where the part that begins at a token ends at the latest: before what ends one for certain."""
        while at < len(self.given) and self.given[at].key != END:
            at += 1
        return at

    def loose_name(self, at: int, end: int) -> LinePart | None:
        """What the tokens up to ``end`` name loosely, as a band or a preset, or as a number whose value follows."""
        name = compared(self.given[at:end])
        if not name or not self.given[end - 1].compared or len(name) > self.vocabulary.longest:
            return None
        part = self.of_kind(at, end, name, kind=Named)
        if part is not None and (self.ends_at(end) or part.kind == "preset"):
            return part
        return self.of_kind(at, end, name, kind=Term) if self.value_at(end) else None

    def value_at(self, at: int) -> bool:
        """Whether a value may begin at a token."""
        words = [each for each in self.given[at : at + 4] if each.key != END]
        return any(each.kind == "number" or each.key in ("half", "full", "quarter", "double") for each in words)

    def of_kind(self, at: int, end: int, name: Keys, kind: type[Named] | type[Term]) -> LinePart | None:
        tier, items = self.vocabulary.loosely(name, (kind,))
        if not items:
            return None
        parts = [part for part in (self.valued(at, end, item, tier=tier) for item in items) if part is not None]
        if len(parts) > 1:
            return self.ambiguous(at, max(part.end for part in parts), items, named=end)
        return parts[0] if parts else None

    # ---- what is not understood ----------------------------------------------------------------------------------

    def said(self, at: int, end: int) -> str:
        """The words of the line between two tokens."""
        return self.line[self.given[at].start : self.given[end - 1].end] if end > at else self.line[:0]

    def ambiguous(self, at: int, end: int, items: Sequence[Item], named: int) -> LinePart:
        """Words, up to ``named`` a name, that could mean several things."""
        value = self.said(named, end)
        labels = list(dict.fromkeys(map(self.vocabulary.clear_name, items)))
        several = ", ".join(labels[:MOST_OFFERED]) + (" …" if len(labels) > MOST_OFFERED else "")
        instead = tuple(f"{each} {value}".strip() for each in labels[:MOST_OFFERED])
        return LinePart(
            (), end, puzzle=Puzzle(self.said(at, end), f"This could be {len(labels)} things: {several}.", instead)
        )

    def puzzled(self, at: int, looked_for: bool) -> LinePart:
        """What no part begins with: up to where the next may begin."""
        end = at + 1
        while end < len(self.given) and self.given[end].key not in (END, ",", "and", "with"):
            end += 1
        said = self.said(at, end)
        name_end = next((k for k in range(at, end) if self.given[k].kind == "number"), end)
        while name_end > at + 1 and not self.given[name_end - 1].compared:
            name_end -= 1
        name = self.said(at, name_end) if name_end > at else said
        value = self.line[self.given[name_end].start : self.given[end - 1].end] if name_end < end else ""
        _, begun = self.vocabulary.loosely(compared(self.given[at:name_end]), (Term, Named))
        close = self.vocabulary.close_to(name) if looked_for and not begun else []
        offered = (begun or close)[:MOST_OFFERED]
        instead = tuple(f"{each.label} {value}".strip() if isinstance(each, Term) else each.label for each in offered)
        why = "Its value is missing." if begun and not value else "There is nothing of that name here."
        return LinePart((), end, puzzle=Puzzle(said, why, instead))


def first_of(settings: Sequence[Setting], *names: str) -> list[Setting]:
    """Settings in an order in which each finds what it needs: those of some names first, the rest as given."""
    rank: Mapping[str, int] = {name: k for k, name in enumerate(names)}
    return sorted(settings, key=lambda each: rank.get(each[0], len(rank)))


def said_twice(parsed: LineRead) -> dict[str, Puzzle]:
    """What a line puts to two values, of which it can have neither, by its name."""
    values: dict[str, set[float | str | None]] = {}
    for name, value in parsed.settings:
        values.setdefault(name, set()).add(value)
    why = "It is said twice in this line, each time otherwise."
    return {name: Puzzle(parsed.said[name], why) for name, told in values.items() if len(told) > 1}
