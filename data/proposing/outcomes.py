"""Which of a target's two values is the bad outcome: by the words, by the target's name, by how often each stands.

It is taken only where it is plain, and told as a guess; else it is asked for.
"""

import re
import shlex
from collections.abc import Sequence
from itertools import pairwise

from data.errors import BadInput
from data.files.names import one_line as plain
from data.files.names import shown_text
from data.files.words import flag
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
        "bon",
    }
)
_NOT = frozenset({"not", "no", "non", "never", "without", "isnt", "wasnt", "un", "nicht", "kein"})
_PLAIN = ({"0", "1"}, {"false", "true"})  # where the name says nothing, the second is the event
_MERELY = frozenset({"is", "was", "loan", "account", "flag", "ind", "indicator", "yn"})  # beside current


def which_is_bad(given: str, words: Sequence[str], rows: Sequence[int], bad: str | None) -> tuple[int, str]:
    """Which of the two ``words`` of the target ``given``, that stand in so many ``rows``, is the bad outcome, and why
    if that is a guess; what a person said by ``bad`` is none.

    Raises
    ------
    BadInput
        If ``bad`` is none of them; if none was said, and it is not plain which it is, or the likelier one is the more
        frequent: in a book of loans the bad outcome seldom is.
    """
    if bad is not None:
        return _said(given, words, rows, bad), ""
    found, why = _guessed(given, words)
    if found is None:
        raise BadInput(_asked(given, words, rows, "Which of them is the bad outcome is not plain"))
    if 2 * rows[found] > sum(rows):
        seems = f"{shown_text(words[found])} seems to be the bad outcome ({why}), but most rows have it"
        raise BadInput(_asked(given, words, rows, seems))
    return found, f"{words[found]} was taken for the bad outcome: {why}; if it is not, run init again with --bad"


def _said(given: str, words: Sequence[str], rows: Sequence[int], bad: str) -> int:
    meant = [k for k, word in enumerate(words) if word.casefold() == plain(bad).casefold()]
    if not meant and re.fullmatch(r"true|false", bad.strip(), re.IGNORECASE):
        meant = [k for k, word in enumerate(words) if word == str(int(bad.strip().lower() == "true"))]
    if not meant:
        meant = [k for k, word in enumerate(words) if _number(word) is not None and _number(word) == _number(bad)]
    if not meant:
        raise BadInput(_asked(given, words, rows, f"It has no value {shown_text(bad)}"))
    return meant[0]


def _number(word: str) -> float | None:
    return float(word) if re.fullmatch(r"\s*[+-]?\d{1,15}(\.\d{0,15})?\s*", word, re.ASCII) else None


def _asked(given: str, words: Sequence[str], rows: Sequence[int], why: str) -> str:
    held = " and ".join(
        f"{shown_text(word)} ({n:,} rows, {n / sum(rows):.1%})" for word, n in zip(words, rows, strict=True)
    )
    options = " or ".join(f"--bad {shlex.quote(word)}" for word in words)
    return f"The target {shown_text(given)} has the values {held}. {why}. Say which is the bad outcome: {options}."


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
