"""Which of a target's values are the bad outcome: by the words, by the target's name, by how often each stands.

It is taken only where it is plain, and told as a guess; else it is asked for.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from data.errors import BadInput
from data.files.names import listed_texts, shown_text
from data.files.names import one_line as plain
from data.files.words import flag
from data.proposing.cells import is_word
from data.proposing.hints import tokens

_BAD = frozenset(  # parts of words and names, neighbours joined: charged off is chargedoff
    {
        "default",
        "defaulted",
        "defaults",
        "defaulter",
        "defaulting",
        "bad",
        "bads",
        "badloan",
        "delinquent",
        "delinquency",
        "delinq",
        "dlq",
        "chargedoff",
        "chargeoff",
        "chgoff",
        "chgdoff",
        "writeoff",
        "writtenoff",
        "wroteoff",
        "nonperforming",
        "npl",
        "npls",
        "npa",
        "unpaid",
        "overdue",
        "pastdue",
        "arrears",
        "arrear",
        "late",
        "loss",
        "lost",
        "bankrupt",
        "bankruptcy",
        "insolvent",
        "insolvency",
        "foreclosed",
        "foreclosure",
        "repossessed",
        "repossession",
        "collections",
        "collection",
        "fraud",
        "fraudulent",
        "failed",
        "failure",
        "fail",
        "missed",
        "impaired",
        "impairment",
        "distress",
        "distressed",
        "nonpayment",
        "ausfall",
        "ausgefallen",
        "schlecht",
        "defaut",
        "impago",
        "moroso",
        "incumplimiento",
        "inadimplente",
        "inadimplencia",
        "inadimplemento",
        "mau",
        "malo",
        "mauvais",
        "defaillant",
        "defaillance",
        "impaye",
        "insolvente",
        "insolvenza",
        "sofferenza",
        "wanbetaling",
        "wanbetaler",
        "zahlungsausfall",
        "bankrott",
        "insolvenz",
        "notleidend",
    }
)
_GOOD = frozenset(
    {
        "good",
        "paid",
        "fullypaid",
        "paidoff",
        "pif",
        "repaid",
        "repays",
        "repay",
        "repayment",
        "performing",
        "performs",
        "current",
        "ok",
        "okay",
        "creditworthy",
        "approved",
        "approval",
        "survived",
        "survives",
        "survival",
        "success",
        "successful",
        "healthy",
        "solvent",
        "cured",
        "prepaid",
        "alive",
        "passed",
        "accepted",
        "granted",
        "nondefault",
        "nondefaulted",
        "nondelinquent",
        "gut",
        "bueno",
        "bom",
        "bon",
        "adimplente",
        "quitado",
        "pagado",
        "bezahlt",
        "getilgt",
    }
)
_NOT = frozenset({"not", "no", "non", "never", "without", "isnt", "wasnt", "un", "nicht", "kein"})
_PLAIN = ({"0", "1"}, {"false", "true"})  # where the name says nothing, the second is the event
_MERELY = frozenset({"is", "was", "loan", "account", "flag", "ind", "indicator", "yn"})  # beside current


MOST_LISTED = 12  # values of a target that a message lists


@dataclass(frozen=True)
class Outcomes:
    """The values of a target: ``words`` as they are written, each in so many ``rows``; and the ``file`` that it is a
    column of, as the command is to be told."""

    given: str
    words: tuple[str, ...]
    rows: tuple[int, ...]
    file: str = "FILE"

    def held(self) -> str:
        """The values with how often each stands; of more than two the most frequent first."""
        order = sorted(range(len(self.words)), key=lambda k: -self.rows[k] if len(self.words) > 2 else k)
        told = [
            f"{shown_text(self.words[k])} ({self.rows[k]:,} rows, {self.rows[k] / sum(self.rows):.1%})" for k in order
        ]
        if len(told) > MOST_LISTED:
            return f"{len(told):,} values: {', '.join(told[:MOST_LISTED])}, …"
        return f"the values {' and '.join(told)}" if len(told) == 2 else f"{len(told)} values: {', '.join(told)}"

    def command(self, bad: Sequence[str], drop: Sequence[str] = ()) -> str:
        """The command that says so."""
        options = [f"--bad {shlex.quote(each)}" for each in bad] + [f"--drop {shlex.quote(each)}" for each in drop]
        return f"python -m model init {self.file} --target {shlex.quote(self.given)} {' '.join(options)}"


def which_are_bad(found: Outcomes, bad: Sequence[str]) -> tuple[tuple[int, ...], str]:
    """Which of a target's values are the bad outcome, and why if that is a guess; what a person said by ``bad`` is
    none, though what of the others it makes good may be to look at.

    Raises
    ------
    BadInput
        If one of ``bad`` is no value, or all are; if none was said, and there are not two values of which it is plain
        which it is, or the likelier one is the more frequent: in a book of loans the bad outcome seldom is.
    """
    if bad:
        return _said(found, bad)
    if len(found.words) != 2:
        raise BadInput(_several(found))
    which, why = _guessed(found.given, found.words)
    if which is None:
        raise BadInput(_asked(found, "Which of them is the bad outcome is not plain"))
    if 2 * found.rows[which] > sum(found.rows):
        seems = f"{shown_text(found.words[which])} seems to be the bad outcome ({why}), but most rows have it"
        raise BadInput(_asked(found, seems))
    taken = f"{found.words[which]} was taken for the bad outcome: {why}; if it is not, run init again with --bad"
    return (which,), taken


def _said(found: Outcomes, bad: Sequence[str]) -> tuple[tuple[int, ...], str]:
    """What a person said."""
    which = dict[int, None]()
    for word in bad:
        meant = _meant(found.words, word)
        if meant is None:
            raise BadInput(_asked(found, f"It has no value {shown_text(word)}"))
        which[meant] = None
    rest = [k for k in range(len(found.words)) if k not in which]
    if not rest:
        raise BadInput(_asked(found, "All of them were said to be bad, so that no good outcome is left"))
    if len(found.words) == 2:
        return tuple(which), ""
    doubtful = [k for k in rest if meaning(found.words[k]) < 0 or meaning(found.words[k], name=False) == 0]
    running = [k for k in rest if "current" in tokens(found.words[k]) and len(rest) > 1]
    looked = [found.words[k] for k in dict.fromkeys((*doubtful, *running))]
    good = f"{listed_texts([found.words[k] for k in rest])} count as good"
    return tuple(which), f"{good}; are {listed_texts(looked)} neither? Then --drop them" if looked else ""


def _meant(words: Sequence[str], given: str) -> int | None:
    """Which of the words somebody means."""
    meant = [k for k, word in enumerate(words) if word.casefold() == plain(given).casefold()]
    if not meant and re.fullmatch(r"true|false", given.strip(), re.IGNORECASE):
        meant = [k for k, word in enumerate(words) if word == str(int(given.strip().lower() == "true"))]
    if not meant:
        meant = [k for k, word in enumerate(words) if is_word(word, given)]
    return meant[0] if meant else None


def _asked(found: Outcomes, why: str) -> str:
    """A question with each answer's command."""
    options = " or ".join(f"--bad {shlex.quote(word)}" for word in found.words[:MOST_LISTED])
    first = found.command(found.words[:1])
    several = "" if len(found.words) == 2 else " (several, if several are)"
    say = f"Say which is the bad outcome{several}: {options}"
    return f"The target {shown_text(found.given)} has {found.held()}. {why}. {say}. For instance: {first}"


def _several(found: Outcomes) -> str:
    """What to say of a target that has not two values: which of them speak of a bad outcome, and which of one that is
    not known yet."""
    if len(found.words) == 1:
        return (
            f"The target {shown_text(found.given)} has one value only ({shown_text(found.words[0])}); it must have two."
        )
    bad = [word for word in found.words if meaning(word) < 0]
    open_ = [word for word in found.words if "current" in tokens(word) or "open" in tokens(word)]
    good = [word for word in found.words if meaning(word) > 0 and word not in open_]
    other = [word for word in found.words if word not in (*bad, *good, *open_)]
    neither = [*open_, *other] if bad and good else open_
    likely = found.command(bad or found.words[:1], neither if len(found.words) <= MOST_LISTED else ())
    return (
        f"The target {shown_text(found.given)} has {found.held()}. Which of them are bad is for you to say: "
        "--bad for each that is, --drop for each whose rows are neither (a loan still running, say); the others are "
        f"good. For instance: {likely}"
    )


def _guessed(given: str, words: Sequence[str]) -> tuple[int | None, str]:
    """Which is the bad one, None where nothing says so, and what does."""
    lowered = [word.strip().casefold() for word in words]
    yes = [k for k, word in enumerate(lowered) if word == "1" or flag(word)]
    no = [k for k, word in enumerate(lowered) if word == "0" or flag(word) is False]
    if len(yes) == 1 and len(no) == 1:
        named = meaning(given, name=True)
        if named:
            return (yes if named < 0 else no)[0], f"the name {given} speaks of {'a bad' if named < 0 else 'a good'} one"
        return (yes[0], f"it is {words[yes[0]]}") if {lowered[k] for k in (0, 1)} in _PLAIN else (None, "")
    said = [meaning(word) for word in words]
    if said.count(-1) == 1:
        return said.index(-1), "so its words say"
    return (1 - said.index(1), "the other one's words speak of a good one") if sorted(said) == [0, 1] else (None, "")


def meaning(text: str, name: bool = False) -> int:
    """-1 where a text speaks of a bad outcome, 1 of a good one, 0 of neither or of both; not and no turn it round. As
    the ``name`` of a column, current may speak of what is now."""
    parts = _joined(tokens(text))
    merely = "current" in parts and name and set(parts) - _MERELY != {"current"}
    good, bad = set(parts) & (_GOOD - {"current"} if merely else _GOOD), set(parts) & _BAD
    if bool(good) == bool(bad):
        return 0
    return (1 if good else -1) * (-1 if _NOT & set(parts) else 1)


def _joined(parts: list[str]) -> list[str]:
    """The tokens of a text, those joined that only together mean something: charged off, P I F."""
    known = _BAD | _GOOD
    if "".join(parts) in known:
        return ["".join(parts)]
    pairs = [first + second for first, second in pairwise(parts)]
    joined = [k for k, pair in enumerate(pairs) if pair in known]
    apart = [part for k, part in enumerate(parts) if k not in joined and k - 1 not in joined]
    return [*apart, *(pairs[k] for k in joined)]
