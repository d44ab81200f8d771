"""A contract that is broken, on purpose or not, is a ContractError with a sentence, whatever it holds, and at once: so
it breaks its own book only."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from data import books
from data.contract import load_contract, read_contract
from data.contract.within import DEEPEST, MOST_BYTES
from data.errors import BookError, ContractError
from tests.data.contract.test_contract import SHIPPED_TEXT, changed

LEAST = 'formula = "min(paid)"'
HUGE = "9" * 400


def formula(text: str) -> bytes:
    return changed(LEAST, f'formula = "{text}"')


BROKEN = {
    "1/0": formula("1/0"),
    "1/0 within": formula("limit * (1 / (5 - 5))"),
    "0/0": formula("0.0 / 0"),
    "a lever's 1/0": changed('start = "limit"', 'start = "limit + 1/0"'),
    "a rule's 1/0": changed('rules = { limit = "value" }', 'rules = { limit = "value / 0 + 1 / 0" }'),
    "the exposure's 1/0": changed('balance = "max(bill_1, 0)"', 'balance = "1/0"'),
    "a constraint's 1/0": changed('rule = "', 'rule = "1/0 + '),
    "500 brackets": formula("(" * 500 + "limit" + ")" * 500),
    "150 brackets that do not end": formula("(" * 150 + "limit"),
    "100,000 brackets": formula("(" * 100_000),
    "500 calls": formula("abs(" * 500 + "limit" + ")" * 500),
    "5,000 signs": formula("-" * 5_000 + "limit"),
    "1,500 terms": formula(" + ".join(["limit"] * 1_500)),
    "1,500 comparisons": formula(" & ".join(["(limit > 1)"] * 1_500)),
    "50,000 characters": formula("1+" * 25_000 + "1"),
    "5,000 digits": formula("9" * 5_000),
    "400 digits": formula(f"limit * {HUGE}"),
    "400 digits over one": formula(f"{HUGE} / 1"),
    "a number beyond all": formula("limit * 1e999"),
    "decimals without end": formula("round(limit, 400)"),
    "nan": formula("limit * nan"),
    "inf": formula("limit + inf"),
    "a power": formula("9 ** 9 ** 9"),
    "a text": formula("'x' * 99999999999"),
    "a list": formula("[0] * 99999999999"),
    "true": formula("True"),
    "nothing": formula(""),
    "blanks": formula("   "),
    "NUL": formula("\\u0000"),
    "half a surrogate's neighbour": formula("\\ufffe"),
    "iterations": changed("iterations = 400", "iterations = 1000000000"),
    "iterations of many digits": changed("iterations = 400", f"iterations = {HUGE}"),
    "iterations of 5,000 digits": changed("iterations = 400", f"iterations = {'9' * 5_000}"),
    "leaves": changed("leaves = 8", "leaves = 100000000"),
    "folds": changed("folds = 5", "folds = 1000000"),
    "a seed below 0": changed("seed = 0", "seed = -1"),
    "a seed beyond": changed("seed = 0", "seed = 4294967296"),
    "points nan": changed("points_to_double = 20", "points_to_double = nan"),
    "points inf": changed("points_to_double = 20", "points_to_double = inf"),
    "points huge": changed("points_to_double = 20", "points_to_double = 1e300"),
    "a cut-off nan": changed("cutoff = ", "cutoff = nan #"),
    "bands nan": changed("bands = [460, 500, 520, 540, 560]", "bands = [460, nan]"),
    "bands inf": changed("bands = [460, 500, 520, 540, 560]", "bands = [460, inf]"),
    "a default nan": changed("default = 0.80", "default = nan"),
    "a limit inf": changed("limit = 550e6", "limit = inf"),
    "a range nan": changed("minimum = 1000\n", "minimum = nan\n"),
    "brackets of TOML": b"a = " + b"[" * 50_000,
    "tables in tables": SHIPPED_TEXT.encode() + b"\n[" + b".".join([b"a"] * 500) + b"]\n",
    "names in names": SHIPPED_TEXT.encode() + b"\n[training." + b".".join([b"a"] * 5_000) + b"]\n",
    "no UTF-8": b"\xff\xfe\x00",
    "NUL bytes": b"\0" * 1000,
    "nothing at all": b"",
    "megabytes": SHIPPED_TEXT.encode() + b"#" * MOST_BYTES,
    "a name without end": changed('title = "', f'title = "{"x" * 30_000}'),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_whatever_a_contract_holds_it_is_refused_in_a_sentence(broken: str):
    with pytest.raises(ContractError) as caught:
        read_contract(BROKEN[broken])
    said = str(caught.value)
    assert said.startswith(("contract.toml", "The formula"))
    assert len(said) < 700
    assert said.endswith(".")


def test_the_contracts_that_ship_are_far_from_the_limits():
    def depth(value: object) -> int:
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max(map(depth, parts), default=-1)

    assert depth(tomllib.loads(SHIPPED_TEXT)) <= DEEPEST // 2
    assert len(SHIPPED_TEXT) < MOST_BYTES / 20


@pytest.mark.parametrize("broken", ["1/0", "500 brackets", "iterations", "NUL bytes"])
def test_a_broken_contract_is_read_once_and_its_neighbours_stay(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Every page lists all books at every run of it."""
    own, other = tmp_path / "books" / "broken", tmp_path / "books" / "mine"
    own.mkdir(parents=True)
    other.mkdir()
    (other / "contract.toml").write_bytes(changed('name = "cards"', 'name = "mine"'))
    (own / "contract.toml").write_bytes(BROKEN[broken].replace(b'name = "cards"', b'name = "broken"', 1))
    read: list[str] = []
    load = load_contract

    def noted(path: Path) -> object:
        read.append(path.parent.name)
        return load(path)

    monkeypatch.setattr(books, "load_contract", noted)
    for _ in range(3):
        assert books.trouble("broken", tmp_path)
        assert books.title("broken", tmp_path) == "broken"
        assert books.record_noun("broken", tmp_path) == "record"
        assert books.trouble("mine", tmp_path) == ""
        assert {"broken", "mine", "cards"} <= set(books.names(tmp_path))
        with pytest.raises((ContractError, BookError)):
            books.read_book("broken", tmp_path)
    assert read.count("broken") == 1
    (own / "contract.toml").write_text("version = 1")
    assert "version" in books.trouble("broken", tmp_path)


def test_an_assumption_that_is_put_to_nothing_divides_by_it_and_raises_nothing():
    formula = SHIPPED_TEXT.split("\nead = ")[1].split("\n")[0]
    contract = read_contract(changed(f"ead = {formula}", 'ead = "1 / ccf"'))
    raw = np.zeros((len(contract.record), 2))
    assert np.isinf(contract.exposures(raw, {"ccf": 0.0}).ead).all()
