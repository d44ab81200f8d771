"""Advice never contradicts the contract: no way out against a declared direction, by association, against what may be
changed, or by a label that two things share."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import books
from data.arrays import Array
from data.books import Book
from data.contract import Contract, Field, Lever, read_contract
from data.errors import Impossible
from model.engine.scorer import TableScorer
from model.report.customer import words as customer_words
from model.whatif.customer.decision import score_scale
from model.whatif.customer.scenario import apply, editable
from model.whatif.customer.sensitivity import Curve, Flip, flips, position, seek_probability, sweep
from tests.support import loans_sample, made_up
from tests.support.kept import KeptReleases
from tests.support.made_up import Shape
from tests.support.records import CONTRACT, short


@pytest.fixture(scope="module")
def loans(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> tuple[TableScorer, Book]:
    place = tmp_path_factory.mktemp("loans")
    return loans_sample.released(place, kept).scorer, books.read_book(loans_sample.NAME, place)


@pytest.fixture(params=["cards", "loans"])
def model(request: pytest.FixtureRequest) -> tuple[TableScorer, Book]:
    if request.param == "loans":
        return request.getfixturevalue("loans")
    return request.getfixturevalue("scorer"), request.getfixturevalue("book")


def within(contract: Contract, part: Field | Lever) -> st.SearchStrategy[float]:
    """Values that a lever or a field may have."""
    if isinstance(part, Field) and part.codes:
        return st.sampled_from([float(code) for code in part.codes])
    if isinstance(part, Lever) and contract.coded(part):
        return st.integers(int(part.minimum), int(part.maximum)).map(float)
    return st.floats(part.minimum, part.maximum).map(short)


def pds(scorer: TableScorer, base: Array, edits: dict[str, float], name: str, values: list[float]) -> Array:
    records = np.concatenate([apply(scorer.contract, base, edits | {name: value}) for value in values], axis=1)
    return 1 / (1 + np.exp(-scorer.margins(records)))


def ends(lever: Lever) -> tuple[float, float]:
    return lever.minimum, lever.maximum


def check_advice(
    scorer: TableScorer, base: Array, edits: dict[str, float], name: str, value: float, down: bool
) -> None:
    """Fails if the contract speaks against putting a lever or field to a ``value`` for a lower PD, or a higher one."""
    contract = scorer.contract
    part = editable(contract, name)
    now = position(scorer, base, edits, name)
    assert not part.association
    if part.direction:
        assert (value - now) * part.direction * (-1 if down else 1) >= 0
    if part.direction and isinstance(part, Lever) and not contract.coded(part):
        end = part.minimum if value < now else part.maximum
        found = pds(scorer, base, edits=edits, name=name, values=np.linspace(now, end, 9).tolist())
        assert (part.direction * np.sign(end - now) * np.diff(found) >= -1e-9).all()
    for lever in contract.levers if isinstance(part, Field) and not part.direction else ():
        if {name, contract.owner(name)} & set(lever.rules):  # what moves the field says something of it
            low, high = (contract.pull(lever.name, end, base)[contract.row[name], 0] for end in ends(lever))
            assert not lever.association
            assert lever.direction * np.sign(np.nan_to_num(high - low)) * (value - now) * (-1 if down else 1) >= 0
    before, after = apply(contract, base, edits), apply(contract, base, edits | {name: value})
    for k, field in enumerate(contract.record):
        moved = np.nan_to_num(after[k, 0] - before[k, 0])
        assert not (field.mutability == "never" and moved)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_way_out_contradicts_the_contract_whatever_was_edited_before(
    model: tuple[TableScorer, Book], data: st.DataObject
) -> None:
    scorer, book = model
    contract = scorer.contract
    k = data.draw(st.integers(0, len(book) - 1), label="record")
    base = book.raw[:, k : k + 1]
    names = [lever.name for lever in contract.levers]
    names += [field.name for field in contract.record if field.mutability != "never"]
    chosen = data.draw(st.lists(st.sampled_from(list(dict.fromkeys(names))), max_size=4, unique=True), label="edited")
    edits = {name: data.draw(within(contract, editable(contract, name)), label=name) for name in chosen}
    try:
        edited = apply(contract, base, edits)
    except Impossible:
        return
    cutoff = contract.score.cutoff
    granted = bool(score_scale(contract).score(scorer.margins(edited))[0] >= cutoff)
    found = flips(scorer, book, base=base, edits=edits, cutoff=cutoff)
    told = customer_words.ways_out(contract, found, granted)
    for flip in found:
        lever = contract.lever(flip.name)
        if flip.value is not None and flip.advised:
            check_advice(scorer, base, edits=edits, name=flip.name, value=flip.value, down=not granted)
        elif flip.value is not None:
            assert "so no advice: " in customer_words.no_ways_out(contract, [flip])
        elif lever.association:
            assert lever.phrase.format("").strip() not in told
    for name in names:
        curve = sweep(scorer, book, base=base, edits=edits, name=name, cutoff=cutoff)
        goal = seek_probability(curve, float(curve.now_pd) * 0.8)
        if goal.reached and goal.advised and not goal.reached_before:
            check_advice(scorer, base, edits=edits, name=name, value=goal.value, down=True)
        words = customer_words.goal_sentence(goal, curve)
        assert goal.advised or "would bring" not in words


def test_one_edited_bill_takes_the_advice_on_balances_away_and_says_nothing_of_its_direction(
    scorer: TableScorer, book: Book
) -> None:
    """Balances move five bills and leave the edited one: raised, the change since then looks better."""
    silent = []
    for k in range(0, len(book), 1999):
        base, edits = book.raw[:, k : k + 1], {"bill_1": 20_000.0}
        curve = sweep(scorer, book, base=base, edits=edits, name="balances", cutoff=520)
        if not curve.steady:
            silent.append(k)
            found = next(
                each for each in flips(scorer, book, base=base, edits=edits, cutoff=520) if each.name == "balances"
            )
            assert (found.advised, found.steady) == (False, False)
            assert "both ways" in customer_words.goal_sentence(seek_probability(curve, curve.now_pd / 2), curve)
    assert silent


def test_nothing_is_sought_by_association(scorer: TableScorer, book: Book) -> None:
    curve = sweep(scorer, book, base=book.raw[:, :1], edits={}, name="limit", cutoff=520)
    goal = seek_probability(curve, float(curve.pd.min()))
    assert goal.reached
    assert not goal.advised
    told = customer_words.goal_sentence(goal, curve)
    assert told.startswith("Credit limit: by association only; none of its values is a way to ")


@pytest.mark.parametrize(("mutability", "allowed"), [("up", {True}), ("down", {False}), ("never", set())])
def test_a_goal_is_sought_only_where_one_may_go(
    scorer: TableScorer, book: Book, mutability: str, allowed: set[bool]
) -> None:
    text = CONTRACT.text.decode()
    start = text.index('name = "paid"\nlabel = "Paid"')
    changed = text[:start] + text[start:].replace('mutability = "free"', f'mutability = "{mutability}"', 1)
    contract = read_contract(changed.encode())
    other = TableScorer(contract, scorer.tables, scorer.shapley, scorer.territory)
    ways = set()
    for k in range(0, 3000, 37):
        for flip in flips(other, replace(book, contract=contract), base=book.raw[:, k : k + 1], edits={}, cutoff=520):
            if flip.name == "pays" and flip.value is not None:
                ways.add(flip.up)
    assert ways == allowed


def made(pd: list[float], direction: int = 0, association: bool = False) -> Curve:
    x = np.arange(len(pd), dtype=float)
    return Curve(
        "a",
        "A",
        unit="",
        x=x,
        pd=np.array(pd),
        now=0.0,
        now_pd=pd[0],
        cutoff_pd=0.2,
        granted=np.array(pd) <= 0.2,
        direction=direction,
        association=association,
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("curve", "advised"),
    [
        (made([0.3, 0.2, 0.1]), True),
        (made([0.3, 0.1, 0.2]), True),  # nothing is declared
        (made([0.3, 0.2, 0.1], -1), True),
        (made([0.3, 0.2, 0.1], 1), False),
        (made([0.3, 0.1, 0.2], -1), False),
        (made([0.3, 0.3 + 1e-15, 0.1], -1), True),
        (made([0.3, 0.2, 0.1], -1, True), False),
    ],
)
def test_only_what_goes_the_declared_way_and_is_no_association_is_advised(curve: Curve, advised: bool) -> None:
    assert curve.advised == advised
    assert seek_probability(curve, 0.15).advised == advised


# ---- labels that two things share -----------------------------------------------------------------------------------


def same_labels(contract: Contract) -> Contract:
    """The cards with one label for two levers, two concepts, two inputs and two fields."""
    text = contract.text.decode()
    for old, new in (
        ('label = "Pays of each bill"', 'label = "Balances"'),
        ('phrase = "{} of each bill paid"', 'phrase = "balances {}"'),
        ('label = "Amounts paid"', 'label = "Late payments"'),
        ('label = "Worst in six months"', 'label = "how the account  stands now"'),
        ('label = "Paid"', 'label = "Bill"'),
    ):
        assert old in text
        text = text.replace(old, new)
    return read_contract(text.encode())


def test_labels_that_two_things_share_are_told_apart(contract: Contract) -> None:
    found = same_labels(contract)
    for kind in (found.levers, found.concepts, found.inputs, found.record, found.shocks, found.segments):
        labels = [" ".join(each.label.split()).casefold() for each in kind]
        assert len(set(labels)) == len(labels)
    assert found.lever("pays").label == "Balances (pays)"
    assert found.lever("balances").label == "Balances (balances)"
    assert found.hash != contract.hash


def test_advice_names_which_of_two_levers_of_one_label_it_means(contract: Contract) -> None:
    found = [Flip("balances", -20.0, True, False), Flip("pays", 25.0, True, True)]
    told = customer_words.ways_out(same_labels(contract), found, granted=False)
    assert "balances (balances)" in told.casefold()
    assert "balances (pays)" in told.casefold()


def test_a_contract_whose_labels_differ_reads_as_it_is_written(contract: Contract) -> None:
    again = read_contract(contract.text)
    assert [each.label for each in again.levers] == ["Credit limit", "Balances", "Pays of each bill", "Months late now"]
    assert again.hash == contract.hash


def test_a_lever_of_what_nobody_can_change_is_no_way_out_though_the_model_reads_it(
    kept: KeptReleases, tmp_path: Path
) -> None:
    folder = made_up.lay_down(tmp_path, Shape(levers=3))
    path = folder / "contract.toml"
    own = r'(name = "two"\nlabel = "two"\nrole = "input"[^\[]*?mutability = )"free"'
    text, count = re.subn(own, r'\1"never"', path.read_text())
    path.write_text(text)
    assert count == 1
    scorer, book = kept.champion(tmp_path, made_up.NAME).scorer, books.read_book(made_up.NAME, tmp_path)
    named = set()
    for k in range(0, len(book), 8):
        found = flips(scorer, book, base=book.raw[:, k : k + 1], edits={}, cutoff=530)
        named |= {flip.name for flip in found if flip.value is not None and flip.advised}
        told = customer_words.ways_out(scorer.contract, found, False) + customer_words.ways_out(
            scorer.contract, found, True
        )
        assert "two at" not in told
    assert named == {"one", "three"}
