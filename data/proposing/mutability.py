"""What a person can change of a record: guessed by what its columns speak of.

How much and for how long one borrows can be changed, and what one earns, owes and owns. Time only adds to what has
lasted: years employed, the age of an account. What has happened stays, as do who and where somebody is, what the loan
is for and whatever a code stands for: no way out is ever told by it.
"""

from data.contract.schema import Mutability
from data.proposing.categories import coded_by_name
from data.proposing.hints import tokens, unit

FREE = "a customer can change it, as far as its name says"

_HAPPENED = frozenset(  # and stays
    {
        "past",
        "previous",
        "prior",
        "earlier",
        "default",
        "defaults",
        "defaulted",
        "delinq",
        "delinquent",
        "delinquency",
        "delinquencies",
        "dlq",
        "late",
        "worst",
        "ever",
        "never",
        "overdue",
        "dpd",
        "missed",
        "arrears",
        "bankrupt",
        "bankruptcy",
        "bankruptcies",
        "derog",
        "derogatory",
        "pub",
        "public",
        "liens",
        "lien",
        "judgment",
        "judgments",
        "judgements",
        "collections",
        "chargeoff",
        "chargeoffs",
        "inquiry",
        "inquiries",
        "enquiry",
        "enquiries",
        "inq",
    }
)
_FIXED = frozenset(
    {
        "age",
        "birth",
        "dob",
        "born",
        "sex",
        "gender",
        "purpose",
        "reason",
        "profession",
        "occupation",
        "job",
        "employer",
        "title",
        "industry",
        "sector",
        "education",
        "citizen",
        "nationality",
        "foreign",
        "state",
        "region",
        "area",
        "city",
        "zip",
        "country",
        "address",
        "district",
        "history",
        "last",
        "grade",
        "subgrade",
        "rating",
        "score",
        "fico",
        "vantage",
        "channel",
        "campaign",
        "product",
        "branch",
        "officer",
        "dealer",
        "shop",
        "store",
    }
)
_SINCE = frozenset({"since", "tenure", "seniority"})
_OLDER = frozenset({"oldest", "newest", "length", "duration", "age"})
_LASTED = frozenset(  # of these, time only adds to the years
    {
        "employed",
        "employment",
        "emp",
        "job",
        "work",
        "service",
        "address",
        "addr",
        "residence",
        "home",
        "account",
        "acct",
        "accounts",
        "accts",
        "line",
        "lines",
        "trade",
        "trades",
        "history",
        "file",
        "bureau",
        "relationship",
        "customer",
        "business",
        "oldest",
        "newest",
        "current",
        "tl",
        "tradeline",
        "inquiry",
        "open",
        "opened",
    }
)


def mutability(given: str, codes: bool) -> tuple[Mutability, str]:
    """Which way a column called ``given`` may be changed, and why; ``codes``: its values are words."""
    found = {*tokens(given), *(each.rstrip("0123456789") for each in tokens(given))}
    since, happened, lasted = (sorted(own & found) for own in (_SINCE, _HAPPENED, _LASTED))
    timed = found & _OLDER or unit(given, 0.0, 2.0)[0] in ("years", "months", "days")
    if since or (lasted and timed and not happened):
        return "up", f"its name says {(since or lasted)[0]}: time only adds to it"
    stays = happened or sorted(_FIXED & found)
    if stays:
        return "never", f"its name says {stays[0]}: nobody can change that"
    said = coded_by_name(given) if codes else ""
    if said:
        return "never", f"its name says {said}: nobody can change what a code stands for"
    return "free", FREE
