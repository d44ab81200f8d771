"""Columns that belong together by their names, and so to what one of them gives away.

Who writes ``recoveries`` writes ``recovery_fee`` at the same time: where one is known only after the outcome, a person
has to say why the others should not be. Names that many columns begin with (loan, total, credit) make no siblings, and
no more does a word that half of the file begins with.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from data.proposing.hints import tokens

_SHORTEST = 4  # letters of a first word that says enough by itself
SEVERAL = 3  # columns known after the outcome, of whose first word, however short, all others are taken for such
MANY = 6  # columns that share a word, which says nothing where it is half of the file
_STEM = 6  # letters in which words of one stem agree: recoveries, recovery
_GENERAL = frozenset(
    {
        "loan",
        "loans",
        "credit",
        "account",
        "accounts",
        "acct",
        "customer",
        "client",
        "borrower",
        "applicant",
        "application",
        "member",
        "total",
        "number",
        "numb",
        "count",
        "average",
        "mean",
        "worst",
        "percent",
        "rate",
        "amount",
        "value",
        "flag",
        "code",
        "date",
        "month",
        "months",
        "mths",
        "days",
        "year",
        "years",
        "time",
        "times",
        "original",
        "orig",
        "origination",
        "current",
        "curr",
        "bureau",
        "column",
        "feature",
        "attr",
        "score",
        "interest",
        "revol",
        "revolving",
        "open",
        "first",
        "monthly",
        "annual",
        "debt",
        "bank",
        "card",
        "primary",
        "secondary",
        "payment",
        "payments",
        "balance",
        "limit",
        "income",
    }
)


def siblings(names: Iterable[str], after: Iterable[str]) -> Mapping[str, str]:
    """Which of ``names`` are siblings of one of those known ``after`` the outcome, by name, and of which."""
    asked, known = list(names), list(after)
    begin = _first_words(known)
    general = _GENERAL | half_of_the_file(_first_words([*asked, *known]))
    found = {}
    for name in asked:
        of = next((each for each in known if each != name and _alike(name, each, general)), "")
        first = (tokens(name) or [""])[0]
        if not of and begin[first] >= SEVERAL and first not in general:  # LP_ of a loan's performance
            of = next(each for each in known if tokens(each)[:1] == [first])
        if of:
            found[name] = of
    return found


def half_of_the_file(shared: Counter[str]) -> set[str]:
    """The words that half of the columns share, `MANY` at least; ``shared`` counts those of each. They tell nothing."""
    return {word for word, n in shared.items() if n >= MANY and 2 * n >= shared.total()}


def _first_words(names: Iterable[str]) -> Counter[str]:
    """How many names begin with each word."""
    return Counter(words[0] for words in map(tokens, names) if words)


def _alike(one: str, other: str, general: frozenset[str]) -> bool:
    """Whether two names begin with the same two words, or with one of the same stem that says enough by itself, which
    ``general`` ones do not."""
    first, second = tokens(one), tokens(other)
    if not first or not second or all(each.isdigit() for each in (*first[1:], *second[1:])):
        return first == second  # x_01 and x_02 are numbered, not of one kind
    if len(first) > 1 and first[:2] == second[:2]:
        return not set(first[:2]) <= general and not first[1].isdigit()
    telling = [each[0] for each in (first, second) if len(each[0]) >= _SHORTEST and each[0] not in general]
    if len(telling) < 2:
        return False
    return telling[0] == telling[1] or (min(map(len, telling)) >= _STEM and telling[0][:_STEM] == telling[1][:_STEM])
