"""Numbers that are codes: a profession, a branch, a product. More of such a number means nothing, so they are words."""

import numpy as np

from data.arrays import Array
from data.proposing.hints import tokens

FEWEST = 3  # different ones; two are a flag, however they are written
LARGEST = 1e9  # beyond, numbers identify

_CODED = frozenset(
    {
        "profession",
        "occupation",
        "branch",
        "dealer",
        "officer",
        "product",
        "campaign",
        "sector",
        "industry",
        "naics",
        "sic",
        "nace",
        "area",
        "shop",
        "store",
        "region",
        "district",
        "territory",
        "zone",
        "state",
        "province",
        "county",
        "city",
        "country",
        "channel",
        "agency",
        "agent",
        "broker",
        "employer",
        "company",
        "manufacturer",
        "supplier",
        "vendor",
        "seller",
        "merchant",
        "lender",
        "bank",
        "brand",
        "make",
        "model",
        "department",
        "dept",
        "segment",
        "cluster",
        "category",
        "type",
        "purpose",
        "code",
        "pincode",
        "servicer",
        "originator",
        "underwriter",
        "scheme",
        "programme",
        "program",
        "beruf",
        "branche",
        "filiale",
        "produkt",
        "msa",
    }
)
_NAMELY = _CODED - {"code", "type", "category"}
_MEASURED = frozenset(  # of such things: how many, how much, how long
    {
        "age",
        "amount",
        "amt",
        "balance",
        "bal",
        "count",
        "cnt",
        "num",
        "number",
        "n",
        "quantity",
        "qty",
        "total",
        "sum",
        "avg",
        "average",
        "mean",
        "max",
        "min",
        "median",
        "rate",
        "ratio",
        "pct",
        "percent",
        "share",
        "score",
        "rating",
        "rank",
        "grade",
        "level",
        "index",
        "price",
        "cost",
        "costs",
        "value",
        "income",
        "salary",
        "sales",
        "revenue",
        "limit",
        "year",
        "years",
        "month",
        "months",
        "day",
        "days",
        "weeks",
        "hours",
        "tenure",
        "time",
        "since",
        "population",
        "density",
        "distance",
        "size",
        "living",
        "floor",
        "lot",
        "land",
        "sqft",
        "sqm",
        "sq",
        "m2",
        "relative",
        "per",
        "payment",
        "debt",
    }
)


def coded_by_name(given: str) -> str:
    """The part of a name that says that its column holds codes, whatever they are written as; "" where none does."""
    found = tokens(given)
    bare = [each.rstrip("0123456789") or each for each in found]
    if set(bare) & _MEASURED:
        return ""
    hit = [each for each in bare if each in _CODED]
    return hit[-1] if hit else ""


def names_a_thing(given: str) -> bool:
    """Whether a name speaks of what many records share, a branch or a product, though an id stands at it."""
    return bool(coded_by_name(given)) and bool(_NAMELY & set(tokens(given)))


def numbers_are_codes(given: str, known: Array) -> str:
    """Why the numbers (n,) of a column, none of them missing, are codes; "" where they are not."""
    said = coded_by_name(given)
    levels = np.unique(known) if said else known[:0]
    whole = bool((levels == np.round(levels)).all())
    if not said or len(levels) < FEWEST or not whole or np.abs(levels).max() > LARGEST:
        return ""
    return f"its numbers were read as codes, because its name says {said}"
