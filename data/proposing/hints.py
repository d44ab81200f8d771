"""What the name of a column, or the words in it, hint at: guesses of a proposal, never more.

Names are compared token by token (``personAge``, ``person_age`` and ``Person age`` are person, age), so that average
is no age and mortgage no gage.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence, Set

from data.contract import YEAR
from data.files.days import FIRST_YEAR, LAST_YEAR

PLACE = "place of living"
SMALL_SHARE = 0.1  # the pages tell shares in whole percents
_PROTECTED: dict[str, frozenset[str]] = {
    "sex": frozenset({"sex", "gender", "geschlecht", "sexe", "sexo", "male", "female", "gndr", "genero", "sesso"}),
    "age": frozenset({"age", "ages", "alter", "edad", "dob", "birth", "birthdate", "birthday", "agegroup"})
    | {"idade", "eta", "leeftijd", "geburtsdatum", "geburtstag", "geburtsjahr", "naissance", "nacimiento"}
    | {"nascimento", "nascita"},
    "race": frozenset({"race", "racial", "ethnic", "ethnicity", "ethnie", "hispanic", "latino", "color", "colour"}),
    "marital status": frozenset(
        {"marital", "married", "marriage", "maritalstatus", "spouse", "divorced", "widowed", "civil", "familienstand"}
    ),
    "education": frozenset({"education", "educ", "edu", "schooling", "degree", "bildung", "educational"})
    | {"escolaridade", "escolaridad", "educacion", "ausbildung", "istruzione"},
    "nationality": frozenset(
        {
            "nationality",
            "national",
            "nation",
            "citizen",
            "citizenship",
            "foreign",
            "foreigner",
            "immigrant",
            "immigration",
            "residency",
            "language",
            "mothertongue",
            "nacionalidad",
            "nacionalidade",
            "nationalite",
            "nazionalita",
            "nationalitat",
            "staatsangehorigkeit",
        }
    ),
    "religion": frozenset({"religion", "religious", "faith", "church", "denomination"}),
    "disability": frozenset({"disability", "disabled", "handicap", "handicapped", "pregnant", "pregnancy"}),
    "family": frozenset({"dependents", "dependants", "children", "kids", "familysize"})
    | {"kinder", "hijos", "filhos", "enfants", "figli", "dependentes", "dependientes"},
    PLACE: frozenset(
        {
            "zip",
            "zipcode",
            "zip3",
            "zip5",
            "postcode",
            "postal",
            "postalcode",
            "plz",
            "neighborhood",
            "neighbourhood",
            "addr",
            "city",
            "town",
            "county",
            "province",
            "suburb",
            "municipality",
            "village",
            "bundesland",
            "canton",
            "prefecture",
            "region",
            "district",
            "borough",
            "country",
            "location",
            "locality",
            "pincode",
            "residence",
            "residencial",
            "residential",
            "latitude",
            "longitude",
            "msa",
            "metro",
            "fips",
            "wohnort",
            "ort",
            "stadt",
            "cidade",
            "ciudad",
            "ville",
            "citta",
            "bairro",
            "cep",
            "regiao",
            "provincia",
            "departement",
            "landkreis",
        }
    ),
}
_OF_THINGS = frozenset(  # the age of an account is nobody's age, the number of a car's doors nobody's children
    {
        "account",
        "acct",
        "loan",
        "car",
        "vehicle",
        "credit",
        "file",
        "oldest",
        "newest",
        "property",
        "business",
        "company",
        "firm",
        "house",
        "building",
        "card",
        "line",
        "history",
        "asset",
        "debt",
        "trade",
        "tradeline",
        "tl",
        "record",
        "bureau",
        "relationship",
        "inquiry",
        "mortgage",
        "policy",
        "contract",
        "receivable",
        "invoice",
        "instalment",
        "installment",
        "collateral",
        "machine",
        "employment",
        "job",
        "delinquency",
        "balance",
        "facility",
        "deposit",
        "savings",
        "residence",
        "home",
        "device",
        "phone",
        "product",
        "equipment",
        "store",
        "lease",
        "bankruptcy",
        "judgment",
        "judgement",
        "collection",
        "konto",
        "kredit",
    }
)
_OF_OTHERS = frozenset(  # whose place is not that of whoever owes
    {
        "bank",
        "branch",
        "lender",
        "dealer",
        "store",
        "shop",
        "merchant",
        "employer",
        "business",
        "company",
        "firm",
        "project",
        "franchise",
        "servicer",
        "originator",
    }
)
_NOT_OF_PEOPLE: dict[str, frozenset[str]] = {
    "age": _OF_THINGS,
    "family": _OF_THINGS,
    "nationality": _OF_THINGS,
    PLACE: _OF_OTHERS
    | {"year", "month", "day", "since", "time", "tenure", "duration", "stability", "type", "status", "kind", "owner"}
    | {"rating", "rate", "rent", "population", "density", "relative", "price", "income", "value", "index", "count"}
    | {"num", "number", "score", "distance", "mismatch", "age"},
}
_BIRTH = frozenset({"birth", "born"})
_STATE = re.compile(r"[A-Z]{2}")  # NY, CA
_STATES = 8  # different ones, where they are not written so: a column of few states may be one of open and closed
_POSTAL = frozenset({"zip", "zipcode", "zip3", "zip5", "postcode", "postal", "postalcode", "plz", "pincode", "post"})
_WORDS: dict[str, tuple[frozenset[str], int]] = {  # words in the cells, and how many different ones it takes
    "sex": (frozenset({"male", "female", "man", "woman", "m", "f", "w", "homme", "femme"}), 2),
    "marital status": (frozenset({"single", "married", "divorced", "widowed", "separated", "unmarried", "widow"}), 2),
    "race": (frozenset({"white", "black", "asian", "hispanic", "caucasian", "latino", "african", "indigenous"}), 2),
    "religion": (frozenset({"christian", "muslim", "jewish", "hindu", "buddhist", "catholic", "protestant"}), 2),
    "education": (
        frozenset(
            {
                "university",
                "graduate",
                "school",
                "bachelor",
                "bachelors",
                "master",
                "masters",
                "doctorate",
                "phd",
                "college",
                "highschool",
                "secondary",
                "tertiary",
            }
        ),
        2,
    ),
}

_SAID_OF_ONE: dict[str, frozenset[str]] = {  # what a yes or no under such a name alone tells of a person
    "race": frozenset(
        {"black", "white", "asian", "hispan", "hispanic", "latino", "latina", "afam", "african", "caucasian", "native"}
    ),
    "marital status": frozenset({"single", "unmarried", "widow", "widower", "separated", "cohabiting"}),
    "sex": frozenset({"man", "woman", "men", "women"}),
    "education": frozenset({"hschool", "highschool", "college", "graduate", "university", "bachelor", "phd"}),
}
_SAYS_SO = frozenset({"is", "flag", "ind", "indicator", "dummy", "yn", "borrower", "applicant", "customer", "client"})

_MEN = frozenset({"male", "man", "m", "homme"})

_AFTER = re.compile(
    r"(?:^|_)(?:charged?_?offs?|chg_?offs?|chargeoff\w*|recover\w*|collections?|collected|write_?offs?|written_off|"
    r"wrote_off|loss|losses|lgd|settled?|settlements?|hardship|closed?|closing|closure|payoff|paid_off|prepaid|"
    r"prepay\w*|last_(?:pymnt|payment|pay)|next_(?:pymnt|payment)|total_(?:rec|pymnt|payment|paid)|out_prncp|"
    r"foreclos\w*|repossess\w*|terminat\w*|outcome|final_status|loan_status|account_status|"
    r"defaulted|days_to_default|(?:time|months)_to_(?:default|event)|"
    r"(?:date|day|month|year|time)_(?:of_)?default|default_(?:date|day|month|year|time|dt|amount|amt|balance|flag)|"
    r"paid_(?:total|principal|prncp|interest|int|late|fees?|in_full|to_date)|(?:principal|interest|late_fees?)_paid|"
    r"late_fees?|customer_(?:principal_)?payments|payments?_(?:made|received|to_date)|"
    r"dlq_after|after_default|post_default)(?:_|$)"
)
_BEFORE = re.compile(  # told of what was, or is expected, whatever else is in the name
    r"^(?:estimated|expected|predicted|forecast|projected|modelled|modeled)_|(?:^|_)ever(?:_|$)|"
    r"(?:^|_)\d{1,3}_?(?:m|mo|mths?|months?|y|yrs?|years?)(?:_|$)|"
    r"^(?:num|number|n|no|count|cnt)_(?:of_)?(?:prior_|past_|previous_)?(?:collections?|charge_?offs?)"
)
_BEGUN = re.compile(
    r"(?:^|_)(?:issued?|orig\w*|open(?:ed)?|approv\w*|appl\w*|book(?:ed|ing)|disburs\w*|fund(?:ed|ing)|grant(?:ed)?|"
    r"vintage|cohort|start(?:ed)?|inception|contract|signed|contrat\w*|concess?\w*|liberacao|desembolso|octroi|"
    r"erogazione|abschluss|vertrags?|auszahlungs?|bewilligungs?|(?:abschluss|vertrags|auszahlungs|bewilligungs)datum)"
    r"(?:_|$)"
)
_YEARS = frozenset({"year", "yr", "fy", "jahr", "vintage", "cohort"})
_OF_A_LOAN = frozenset({"loan", "credit", "account", "fiscal", "calendar", "of", "the"})  # whose year says no more
_DATES = frozenset({"date", "dates", "dt", "datum", "fecha", "datetime", "timestamp", "dob", "birthday"})
_NO_DATES = frozenset({"update", "candidate", "mandate", "validate", "liquidate", "consolidate", "predate", "backdate"})
_TIMES = frozenset({"time", "datetime", "timestamp", "ts", "epoch", "unix", "created", "updated", "at"})
_MONTHLY = frozenset({"month", "period", "vintage", "cohort", "yyyymm", "yearmonth", "monthyear", "monat", "mois"})
_ON = frozenset({"on", "d"})  # opened on, issue_d
_UP_TO = frozenset({"to", "at", "on", "as", "per", "of", "since", "days", "by"})  # paid to date is an amount
_ID = frozenset({"id", "ids", "uuid", "guid", "identifier", "key"})
_NUMBER = frozenset({"no", "nr", "num", "number", "ref", "reference", "code"})
_RECORDS = frozenset(
    {
        "loan",
        "customer",
        "client",
        "account",
        "acct",
        "member",
        "borrower",
        "applicant",
        "application",
        "contract",
        "user",
        "person",
        "party",
        "deal",
        "facility",
        "case",
        "order",
        "transaction",
        "cust",
        "card",
        "record",
        "row",
        "file",
        "policy",
    }
)
_RUNNING = frozenset({"index", "serial", "unnamed", "row", "record", "column"})
_UUID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_CODE = re.compile(r"(?=\S*\d)[\w./#:-]{4,40}", re.ASCII)
_PERSONAL = frozenset(
    {
        "email",
        "mail",
        "phone",
        "telephone",
        "mobile",
        "ssn",
        "passport",
        "iban",
        "street",
        "address",
        "firstname",
        "lastname",
        "surname",
        "fullname",
        "taxid",
    }
)
_AMOUNT = frozenset(
    {
        "amount",
        "amt",
        "amnt",
        "balance",
        "bal",
        "loan",
        "limit",
        "income",
        "inc",
        "salary",
        "wage",
        "price",
        "payment",
        "pymnt",
        "debt",
        "cost",
        "costs",
        "value",
        "principal",
        "prncp",
        "exposure",
        "ead",
        "installment",
        "instalment",
        "revenue",
        "sales",
        "turnover",
        "savings",
        "assets",
        "disbursement",
        "disbursed",
        "funded",
        "outstanding",
        "due",
        "paid",
        "bill",
        "betrag",
        "kreditbetrag",
        "darlehen",
        "darlehensbetrag",
        "kredit",
        "einkommen",
        "gehalt",
        "saldo",
        "umsatz",
        "montant",
        "revenu",
        "revenus",
        "salaire",
        "solde",
        "importe",
        "monto",
        "ingreso",
        "ingresos",
        "sueldo",
        "importo",
        "reddito",
        "bedrag",
        "inkomen",
        "renda",
        "receita",
        "valor",
        "emprestimo",
        "prestamo",
        "pret",
        "prestito",
        "lening",
        "capital",
        "divida",
        "deuda",
        "dette",
        "parcela",
        "cuota",
    }
)
_SURELY_AMOUNT = frozenset({"amount", "amt", "amnt"})
_WEAKLY_AMOUNT = frozenset(  # also of what is counted or graded: such are amounts only where they are large
    {
        "balance",
        "bal",
        "loan",
        "limit",
        "payment",
        "pymnt",
        "debt",
        "value",
        "due",
        "paid",
        "bill",
        "outstanding",
        "installment",
        "instalment",
        "inc",
        "savings",
        "assets",
        "sales",
        "kredit",
        "darlehen",
        "saldo",
        "solde",
    }
)
_LARGE = 200.0
_SHARE = frozenset(
    {
        "ratio",
        "rate",
        "pct",
        "percent",
        "percentage",
        "share",
        "util",
        "utilisation",
        "utilization",
        "dti",
        "ltv",
        "apr",
        "interest",
        "fraction",
        "proportion",
    }
)
_COUNT = frozenset({"count", "cnt", "num", "number", "n", "no", "nr", "times", "req", "enquiries", "inquiries"})
_COUNTED = frozenset(
    {
        "accounts",
        "accts",
        "lines",
        "cards",
        "trades",
        "tradelines",
        "loans",
        "payments",
        "limits",
        "balances",
        "debts",
        "bills",
        "with",
        "w",
        "near",
        "ever",
        "late",
        "score",
        "grade",
        "rank",
        "flag",
        "has",
        "is",
    }
)
_TIME = {
    "months": frozenset({"month", "months", "mths", "mth", "mo", "term", "mob"})
    | {"meses", "monate", "monaten", "mois", "mesi", "maanden"},
    "years": frozenset({"year", "years", "yrs", "yr", "tenure", "anos", "jahre", "jahren", "anni", "jaren"}),
    "days": frozenset({"day", "days", "dpd", "dias", "tage", "tagen", "jours", "giorni", "dagen"}),
}
_ASKED_FOR = frozenset({"req", "enquiries", "inquiries"})  # so many in a month
_TERM = frozenset({"term", "terms", "tenor", "tenure"})  # of a loan's amount: how long it is lent
_SPAN = frozenset({"last", "past", "previous", "prior", "recent", "within", "per", "every"})
_SIGNS = frozenset("$€£¥₹")
_NUMBERED = re.compile(r"\d_(?:days?|months?|mths?|years?|yrs?)(?:_|$)")  # lines 60 days late are no days
_CURRENCY = {
    "usd": "$",
    "eur": "€",
    "euro": "€",
    "euros": "€",
    "gbp": "£",
    "dollar": "$",
    "dollars": "$",
    "chf": "CHF",
    "dm": "DM",
    "inr": "₹",
    "ntd": "NT$",
    "twd": "NT$",
    "jpy": "¥",
    "cad": "CA$",
    "aud": "A$",
}
_OWED_ELSEWHERE = frozenset(  # a bureau's sums over all of a borrower's debts, and what is not owed but owned
    {
        "revol",
        "revolving",
        "rev",
        "bureau",
        "bc",
        "bankcard",
        "il",
        "external",
        "other",
        "others",
        "util",
        "savings",
        "saving",
        "checking",
        "deposit",
        "deposits",
    }
)
_OWNED = frozenset({"savings", "saving", "checking", "deposit", "deposits", "util"})
_OF_SEVERAL = frozenset({"total", "tot", "avg", "average", "mean", "max", "highest", "min", "sum"})  # the last choice
_LENT = r"(?:loan|credit|fund(?:ed)?|approved|finance[d]?|disburse\w*|gross|orig|original|origination|initial|lent)"
_SUM = r"(?:amount|amt|amnt|value|balance|bal|principal|prncp|upb|appv|approval|disbursement)"
_EXPOSURE = (  # the likeliest first: what was lent before what is left of it
    r"(?:^|_)(?:exposure|ead)(?:_|$)",
    rf"(?:^|_){_LENT}_(?:\w+_)?{_SUM}(?:_|$)|(?:^|_){_SUM}_(?:of_)?(?:the_)?(?:{_LENT}|borrowed|requested)(?:_|$)|"
    r"(?:^|_)disburse\w*_(?:gross|net|total)(?:_|$)|(?:^|_)borrowed_amount(?:_|$)|"
    r"^(?:amount|amt|loan|principal|kredit|darlehen|kreditbetrag|darlehensbetrag|kredithoehe|betrag)$|"
    r"(?:^|_)(?:valor|monto|importe|montant|importo|bedrag|capital)_(?:\w+_)?"
    r"(?:emprestimo|credito|financiado|prestamo|pret|credit|prestito|finanziamento|lening|krediet)(?:_|$)",
    r"(?:^|_)(?:outstanding|balance|bal|principal|prncp|upb|saldo|solde)(?:_|$)",
    r"(?:^|_)(?:amount|amt|disburse\w*|amnt)(?:_|$)",
    r"(?:^|_)(?:limit|line)(?:_|$)",
)
_NOT_OWED = frozenset(  # amounts that nobody owes: what is earned, owned, paid or bought
    {
        "income",
        "inc",
        "salary",
        "wage",
        "wages",
        "price",
        "cost",
        "costs",
        "rent",
        "payment",
        "pymnt",
        "pay",
        "paid",
        "installment",
        "instalment",
        "annuity",
        "revenue",
        "sales",
        "turnover",
        "assets",
        "property",
        "collateral",
        "goods",
        "einkommen",
        "gehalt",
        "umsatz",
    }
)
_LIMIT, _BALANCE = re.compile(r"(?:^|_)(?:limit|line)(?:_|$)"), re.compile(r"(?:^|_)(?:balance|bal|drawn)(?:_|$)")


def tokens(name: str) -> list[str]:
    """The words of a column's name, in small letters without accents."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z\d])(?=[A-Z][a-z])", " ", plain)
    return [each for each in re.split(r"[^a-z0-9]+", parted.lower()) if each]


def _bare(name: str) -> tuple[set[str], str]:
    """A name's tokens, also without their trailing digits, and all of them joined."""
    found = tokens(name)
    return {*found, *(each.rstrip("0123456789") for each in found), "".join(found)}, "_".join(found)


def protected(name: str, words: Iterable[str] = (), distinct: int = 0, truth: bool = False) -> tuple[str, str]:
    """Which protected attribute a column likely holds and why; ("", "") if none. ``words`` are those in its cells,
    ``distinct`` how many different values they have; ``truth``: they say yes or no, which is no place."""
    found, _ = _bare(name)
    found |= {each.removesuffix("s") for each in found}  # the age of lines is that of a line
    place = _place(found, tuple(words), distinct)
    if place and found & _BIRTH:
        return "nationality", f"its name says {place} and birth"
    for attribute, own in _PROTECTED.items():
        hit = sorted(own & found)
        if hit and attribute != PLACE and not found & _NOT_OF_PEOPLE.get(attribute, frozenset()):
            return attribute, f"its name says {hit[0]}"
    if truth:
        attribute, word = _said_of_one(name)
        if attribute:
            return attribute, f"its name says {word}"
    if place and not truth:
        return PLACE, f"its name says {place}"
    cells = {token for word in words for token in tokens(word)}
    for attribute, (own, least) in _WORDS.items():
        hit = sorted(own & cells)
        if attribute == "sex" and (len(cells) > 12 or not hit or _MEN.issuperset(hit) or _MEN.isdisjoint(hit)):
            continue  # w and f are whole and fractional
        if len(hit) >= least:
            return attribute, f"its cells say {hit[0]}, {hit[1]}"
    return "", ""


def _said_of_one(name: str) -> tuple[str, str]:
    """What a yes or no under a name says of a person, black or single, and the word; ("", "") where nothing."""
    own = [token for token in tokens(name) if token not in _SAYS_SO]
    told = (attribute for attribute, words in _SAID_OF_ONE.items() if len(own) == 1 and own[0] in words)
    return next(((attribute, own[0]) for attribute in told), ("", ""))


def _place(found: Set[str], words: Sequence[str], distinct: int) -> str:
    """The part of a name, in so many tokens, that speaks of where somebody lives; "" where none does."""
    if found & _NOT_OF_PEOPLE[PLACE]:
        return ""
    hit = sorted(_PROTECTED[PLACE] & found)
    if hit:
        return hit[0]
    return "state" if "state" in found and (_states(words) or distinct >= _STATES) else ""


def postal(name: str) -> bool:
    """Whether a name speaks of post codes, whose first signs say the part of a country."""
    return bool(_POSTAL & _bare(name)[0])


def _states(words: Sequence[str]) -> bool:
    """Whether most of these are written as states are: NY, CA; not open, closed."""
    return len(words) > 1 and sum(bool(_STATE.fullmatch(word)) for word in words) > 0.8 * len(words)


def after_outcome(name: str) -> str:
    """The part of a name that speaks of what happens after the outcome; "" where none does."""
    joined = "_".join(tokens(name))
    found = None if _BEFORE.search(joined) else _AFTER.search(joined)
    return found.group().strip("_").replace("_", " ") if found else ""


def begun(name: str) -> bool:
    """Whether a name speaks of when a loan began."""
    joined = "_".join(tokens(name))
    return bool(_BEGUN.search(joined) or _BEGUN.search(re.sub(r"(?<=[a-z])(?=(?:date|dt)(?:_|$))", "_", joined)))


def dated(name: str) -> bool:
    """Whether a name says that its column holds days: issue date, date opened, issue_d; paid to date does not."""
    found = tokens(name)
    if not found or (len(found) > 1 and found[-2] in _UP_TO and found[-1] in _DATES):
        return False
    ends = {found[0], found[-1]}
    joined = any(each.endswith(("date", "datum")) and each not in _NO_DATES for each in ends)
    return bool(ends & _DATES) or joined or (len(found) > 1 and found[-1] in _ON)


def timed(name: str) -> bool:
    """Whether a name says that its column holds points in time."""
    return dated(name) or bool(_TIMES & set(tokens(name)))


def monthly(name: str) -> bool:
    """Whether a name speaks of a month of the calendar."""
    return bool(_MONTHLY & set(tokens(name)))


def year(name: str) -> bool:
    """Whether a name speaks of a calendar year, not of a number of years."""
    return bool(_YEARS & set(tokens(name)))


def begun_in(name: str) -> bool:
    """Whether a name speaks of the year in which a loan began: issue year, or just year; year built does not."""
    found = set(tokens(name))
    return year(name) and (begun(name) or found <= _YEARS | _OF_A_LOAN)


def identifies(name: str) -> bool:
    """Whether a name says that it identifies a record: loan id, account no; the number of accounts does not."""
    found = tokens(name)
    if not found:
        return False
    *before, last = found
    stem = re.sub(r"(?:id|nr|no)$", "", last)
    own = bool(_RECORDS & set(before)) and last in _NUMBER
    numbered = len(found) > 2 and found[0] in _RECORDS and found[1] in _NUMBER
    own |= numbered and found[2] != "of"  # loan nr chk dgt; a loan's number of payments is counted
    return last in _ID or (found[0] == "id" and last in _RECORDS) or own or (stem != last and stem in _RECORDS)


def identifier(name: str) -> bool:
    """Whether a name is one that identifiers may have, and other columns too."""
    found = tokens(name) or [""]
    return identifies(name) or bool(_ID & set(found)) or found[0] in _RUNNING or found[-1] in _NUMBER | _RUNNING


def coded(words: Iterable[str]) -> bool:
    """Whether these are numbers of records, not text: LN-0012345, or what a machine draws for one."""
    return all(_UUID.fullmatch(word) or _CODE.fullmatch(word) for word in words)


def personal(name: str) -> bool:
    """Whether a name speaks of what tells who somebody is; how often or how long ago it changed does not."""
    measured = _COUNT | {"change", "changed", "changes", "since", *(token for own in _TIME.values() for token in own)}
    found = tokens(name)
    return bool(_PERSONAL & _bare(name)[0]) and not measured & set(found[:-1] if found[-1] in _NUMBER else found)


def unit(name: str, low: float, high: float) -> tuple[str, str]:
    """The unit of numbers from ``low`` to ``high`` by their column's name, and why; "amount" for money."""
    found = set(tokens(name))
    parts = tokens(name)
    share = sorted(_SHARE & found) or ["%"] * ("%" in name)
    share = share or [
        f"{one} to {other}"
        for one, to, other in zip(parts, parts[1:], parts[2:], strict=False)
        if _over(one, to, other)
    ]
    if share and low >= 0 and high < SMALL_SHARE:
        return "", f"its name says {share[0]}, but whole percents would not tell its values apart"
    if share and low >= 0 and high <= 1.5:
        return "%", f"its name says {share[0]} and its values lie between 0 and 1.5: fractions"
    if share:
        return "", f"its name says {share[0]}, but its values are no fractions: percent already?"
    if _SIGNS & set(name):
        return "amount", f"its name holds {min(_SIGNS & set(name))}"
    money = [] if parts and parts[-1] in _TERM else sorted(_AMOUNT & found)
    counted = _COUNT & found or (_COUNTED & found and not _SURELY_AMOUNT & found)
    if money and not counted and high > (_LARGE if set(money) <= _WEAKLY_AMOUNT else 1):
        return "amount", f"its name says {money[0]}"
    if year(name) and low >= FIRST_YEAR and high <= LAST_YEAR:
        return YEAR, "its name says year, and its values are some"
    for each, own in _TIME.items():
        hit = sorted(own & found)
        span = _SPAN & _bare(name)[0] or _NUMBERED.search("_".join(tokens(name)))
        if (
            hit and ("since" in found or not span) and not found & _ASKED_FOR
        ):  # defaults in the last 12 months are no months
            return each, f"its name says {hit[0]}"
    return "", "nothing in its name says"


def months_observed(name: str) -> float | None:
    """Over how many months an outcome was observed by its name: default next month, SeriousDlqin2yrs, bad_12m; None
    where it does not say."""
    joined = "_".join(tokens(name))
    if re.search(r"(?:^|_)next_(?:month|mth)(?:_|$)", joined):
        return 1.0
    found = re.search(r"(?:^|_|in|within)(\d{1,3})_?(y|yrs?|years?|m|mo|mths?|months?)(?:_|$)", joined)
    if found is None or joined[found.end() :].startswith(("past_due", "late", "dpd", "overdue")):
        return None
    months = float(found[1]) * (12 if found[2].startswith("y") else 1)
    return months if 0 < months <= 120 else None


def scored(name: str) -> bool:
    """Whether a name speaks of a score."""
    return bool({"score", "scores", "fico", "beacon", "vantage", "cibil", "vantagescore", "schufa"} & _bare(name)[0])


def _over(one: str, to: str, other: str) -> bool:
    """Whether three words of a name say that one amount is told as a share of another: debt to income."""
    return to == "to" and one in _AMOUNT and other in _AMOUNT


def currency(names: Iterable[str]) -> tuple[str, str]:
    """The currency that the columns' names speak of, and the name; ("", "") where none does."""
    for name in names:
        signs = [*(_SIGNS & set(name)), *(_CURRENCY[token] for token in tokens(name) if token in _CURRENCY)]
        if signs:
            return min(signs), name
    return "", ""


def exposure(names: Iterable[str]) -> str:
    """Which of these columns of amounts is likeliest what would be lost at default; "" where none is."""
    own = [name for name in dict.fromkeys(names) if owed_rank(name) is not None]
    return min(own, key=lambda name: owed_rank(name) or 0, default="")


def owed_rank(name: str) -> int | None:
    """How likely a column of amounts, by its name, is what is owed on the very loan, 0 the likeliest; None where it is
    not: what is earned or paid, or a bureau's sum over all that somebody owes."""
    parts = tokens(name)
    if not parts or set(parts) & (_OWED_ELSEWHERE | _NOT_OWED):
        return None
    text, several = "_".join(parts), bool(_OF_SEVERAL & set(parts))
    return next((k + several * len(_EXPOSURE) for k, own in enumerate(_EXPOSURE) if re.search(own, text)), None)


def lent(name: str) -> bool:
    """Whether a name speaks of what was lent: a loan's amount, an original balance."""
    rank = owed_rank(name)
    return rank is not None and rank < 2


def owed_elsewhere(name: str) -> bool:
    """Whether a name speaks of what somebody owes to others too, as a bureau tells it."""
    parts = set(tokens(name))
    return bool(parts & _OWED_ELSEWHERE) and not parts & (_NOT_OWED | _OWNED)


def _owed_here(names: Iterable[str]) -> dict[str, str]:
    """The tokens of each name that may speak of what is owed on this very loan, joined."""
    found = {name: tokens(name) for name in names}
    return {name: "_".join(parts) for name, parts in found.items() if not _OWED_ELSEWHERE & set(parts)}


def limit_and_balance(names: Iterable[str]) -> tuple[str, str]:
    """A credit limit and the balance drawn on it among these columns; ("", "") unless both are there."""
    joined = _owed_here(names)
    limits = [name for name, text in joined.items() if _LIMIT.search(text) and not _BALANCE.search(text)]
    drawn = [name for name, text in joined.items() if _BALANCE.search(text) and not _LIMIT.search(text)]
    return (limits[0], drawn[0]) if limits and drawn else ("", "")
