"""Derive the shipped snapshot from the Small Business Administration's 7(a) loans, approved in fiscal years 1991-2009.

    python -m data.small_business.derive SOURCE.parquet [DESTINATION.parquet]

SOURCE has the columns of the publication (ApprovalFY, State, …, ChgOffPrinGr), names of borrowers and banks removed.
No loan is dropped or resampled and no amount imputed. Codes that no documentation explains become 0, "not stated";
what the model makes of that is the contract's to say. Left out because they mark the date of an approval rather than
the loan: the low-documentation programme (ended in 2005) and jobs created and retained (not recorded before 1999).
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

STATES = (  # noqa: SIM905  quoted one by one they are harder to read
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR "
    "PA RI SC SD TN TX UT VA VT WA WI WV WY GU PR VI"
).split()
"""Postal codes, numbered from 1 in this order; 0 is not stated."""

# The industry is the first three digits of the NAICS code. Codes of one edition of the classification stand for the
# date of the approval, so that each becomes its successor's, and what later editions split stays together.
SUCCESSORS = {
    233: 236,
    234: 237,
    235: 238,  # construction, until 2002
    421: 423,
    422: 424,  # wholesale trade, until 2002
    513: 517,
    515: 517,  # broadcasting and telecommunications
    514: 518,
    516: 518,
    519: 518,  # information and data services
    **dict.fromkeys(range(921, 929), 920),  # public administration, 109 loans
}
LARGEST = 1500  # employees: no size standard of the SBA allows more; larger entries are slips, some of them SIC codes
LATEST = 12  # years from approval to the first disbursement; the longest believable in the source is 11

SOURCE = (
    "ApprovalFY",
    "GrAppv",
    "SBA_Appv",
    "NoEmp",
    "NewExist",
    "FranchiseCode",
    "RevLineCr",
    "UrbanRural",
    "State",
    "BankState",
    "NAICS",
    "Term",
    "DisbursementDate",
    "DisbursementGross",
    "ChgOffPrinGr",
    "MIS_Status",
)


def derive_loans(source: pd.DataFrame) -> pd.DataFrame:
    """The book, one row a loan, numbered from 1 in the source's order.

    Raises
    ------
    ValueError
        If a column of the publication is absent, an amount is missing, not whole or guaranteed beyond what was
        approved, or an outcome is neither paid in full nor charged off.
    """
    absent = [name for name in SOURCE if name not in source]
    if absent:
        raise ValueError(f"The source lacks the columns {', '.join(absent)} of the SBA's 7(a) loans.")
    amounts = source[["GrAppv", "SBA_Appv", "DisbursementGross", "ChgOffPrinGr"]]
    if amounts.isna().any(axis=None) or (amounts % 1 != 0).any(axis=None):
        raise ValueError("The amounts of the SBA's 7(a) loans are whole dollars and never missing; the source differs.")
    if (source["SBA_Appv"] > source["GrAppv"]).any():
        raise ValueError("No loan is guaranteed beyond the amount approved; the source differs.")
    if not source["MIS_Status"].isin(["P I F", "CHGOFF"]).all():
        raise ValueError("Every loan is paid in full (P I F) or charged off (CHGOFF); the source differs.")
    source = source.reset_index(drop=True)
    return pd.DataFrame(
        {
            "loan": np.arange(1, len(source) + 1, dtype="int32"),
            "approval_year": source["ApprovalFY"].astype("int16"),
            "amount": source["GrAppv"].astype("int32"),
            "guaranteed": source["SBA_Appv"].astype("int32"),
            "employees": source["NoEmp"].clip(1, LARGEST).astype("int16"),  # 0: the owner works alone
            "business": coded(source["NewExist"], {1: 1, 2: 2}),
            "franchise": (source["FranchiseCode"] > 1).astype("int8"),  # 0 and 1 both mean none
            "revolving": coded(source["RevLineCr"], {"N": 1, "Y": 2}),
            "location": coded(source["UrbanRural"], {1: 1, 2: 2}),
            "industry": industry(source["NAICS"]),
            "state": coded(source["State"], NUMBERS),
            "bank_state": coded(source["BankState"], NUMBERS),
            "term": source["Term"].astype("int16"),
            "disbursed": source["DisbursementGross"].astype("int32"),
            "disbursement_year": disbursement_year(source["DisbursementDate"], source["ApprovalFY"]),
            "charged_off_principal": source["ChgOffPrinGr"].astype("int32"),
            "charged_off": (source["MIS_Status"] == "CHGOFF").astype("int8"),
        }
    )


NUMBERS = {code: number for number, code in enumerate(STATES, 1)}


def coded(values: "pd.Series[float] | pd.Series[str]", codes: dict[int, int] | dict[str, int]) -> "pd.Series[int]":
    """Documented values by their codes; every other value, and none, is 0: not stated."""
    return values.map(codes).fillna(0).astype("int8")


def industry(naics: "pd.Series[int]") -> "pd.Series[int]":
    """NAICS subsector of six-digit codes, those of earlier editions as their successors; 0 is not stated."""
    return (naics // 1000).replace(SUCCESSORS).astype("int16")


def disbursement_year(date: "pd.Series[pd.Timestamp]", approved: "pd.Series[int]") -> "pd.Series[float]":
    """Calendar year of the first disbursement; NaN where none is given, or one that the fiscal year of the approval
    rules out: more than a year before it, or `LATEST` years after it."""
    year = date.dt.year.astype("float32")
    return year.where((year - approved).between(-1, LATEST - 1))


def main(source: str, destination: str = str(Path(__file__).with_name("small_business.parquet"))) -> None:
    """Read SOURCE, write the snapshot."""
    book = derive_loans(pd.read_parquet(source))
    packed = {"loan": "DELTA_BINARY_PACKED"}  # numbers in sequence: 1.2 MB less
    book.to_parquet(
        destination,
        index=False,
        compression="zstd",
        compression_level=19,
        column_encoding=packed,
        use_dictionary=[name for name in book if name not in packed],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
