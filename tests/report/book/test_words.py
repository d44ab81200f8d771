"""What the book page says: numbers as they are read aloud, and sentences that keep to the assumptions."""

from datetime import date

import pytest
from hypothesis import given

from data import books
from data.contract import Contract
from data.regulators.presets import preset
from model.report import charts, language
from model.report.book import words as book_words
from model.report.numbers import MINUS, NBSP, Unit
from model.whatif.book.scenario import BookScenario, Value
from model.whatif.book.scored import Clipped, TerritoryShare
from model.whatif.book.totals import Totals
from tests.support.records import CONTRACT, TODAY, stressed, stresses

BASE = Totals(
    30_000,
    3.294e9,
    pd_sum=6634.8,
    pd_exposure=5.815e8,
    loss=4.652e8,
    net_loss=4.652e8,
    capital=1.632e8,
    margin=4.36e7,
    years=3.0,
)


def worse(by: float) -> Totals:
    """The book with its loss and capital times ``by``."""
    loss = 4.652e8 * by
    return Totals(
        30_000,
        3.294e9,
        pd_sum=6634.8 * by,
        pd_exposure=5.815e8 * by,
        loss=loss,
        net_loss=loss,
        capital=1.632e8 * by,
        margin=4.36e7 / by,
        years=3.0,
    )


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        ((465_206_558, 750_367_099), ["465 m", "750 m"]),
        ((980e6, 1.31e9), ["980 m", "1,310 m"]),
        ((3.29e9, 3.51e9), ["3.29 bn", "3.51 bn"]),
        ((43.6e6, -1.2e9), ["44 m", "-1,200 m"]),
        ((43.6e6, -59.7e6), ["43.6 m", "-59.7 m"]),
        ((76.88e9,), ["76.9 bn"]),
        ((549.2e9,), ["549 bn"]),
        ((9_800, 5_100), ["9,800", "5,100"]),
        ((0.0, 2e6), ["0", "2.0 m"]),
        ((1_000, 2e9), ["1,000", "2,000 m"]),
        ((4_000_000, 2e12), ["4.0 m", "2,000 bn"]),
        ((999_499_000,), ["999 m"]),
        ((999_500_000,), ["1.00 bn"]),
    ],
)
def test_amounts_side_by_side_share_a_readable_unit(amounts: tuple[float, ...], told: list[str]):
    unit = Unit.of(*amounts)
    assert [unit.text(each, "NT$").replace(NBSP, " ") for each in amounts] == [
        f"{MINUS}NT$ {each[1:]}" if each.startswith("-") else f"NT$ {each}" for each in told
    ]


def test_chair_reads_scenario_loss_and_limit():
    stress = stressed(preset="fed_2026_severely_adverse", severity=50, balances=20)
    told = book_words.book_verdict(CONTRACT, stress, today=TODAY, base=BASE, now=worse(1.5)).replace(NBSP, " ")
    assert told == (
        "Under the Fed's 2026 severely adverse scenario at half severity, with balances 20 % higher, expected loss "
        "over one month rises from NT$ 465 m to NT$ 698 m, above the limit of NT$ 550 m; limits of PD, capital and "
        "return broken."
    )


def test_chair_reads_the_three_assumptions_of_an_executive():
    stress = stressed(unemployment=3, balances=20, lgd=0.9)
    told = book_words.in_words(CONTRACT, stress, TODAY).replace(NBSP, " ")
    assert told == "With balances 20 % higher, unemployment 3 points higher and loss given default at 90 %"


@pytest.mark.parametrize(
    ("assumed", "told"),
    [
        (
            {"unemployment": 3, "balances": 20, "lgd": 0.9, "payments": -10},
            "With balances 20 % higher, unemployment 3 points higher and 2 more",
        ),
        (
            {"unemployment": 0.5, "balances": 5, "lgd": 0.9, "payments": -10},
            "With payments 10 % lower, loss given default at 90 % and 2 more",
        ),
        (
            {"preset": "eba_2025_adverse_eu", "balances": 20, "lgd": 0.95, "payments": -10},
            "with balances 20 % higher, loss given default at 95 % and 1 more",
        ),
        (
            {"who": "limit_band:0", "balances": 30, "later": 10, "lgd": 0.9, "opex": 700},
            "With balances 30 % higher and 10 % of customers one more month late (only customers with credit limit "
            "below NT$ 50,000) and 2 more",
        ),
    ],
)
def test_of_more_assumptions_than_a_sentence_holds_those_moved_furthest_are_named(assumed: dict[str, Value], told: str):
    found = book_words.in_words(CONTRACT, stressed(**assumed), TODAY).replace(NBSP, " ")
    assert found.endswith(told)


@given(stresses())
def test_no_change_is_lost_between_those_named_and_those_counted(stress: BookScenario):
    named = book_words._named(CONTRACT, stress, TODAY)
    found = book_words.in_words(CONTRACT, stress, TODAY)
    told = sum(each.phrase in found for each in {each.phrase: each for each in named}.values())
    more = int(found.rsplit(" and ", 1)[1].split()[0]) if found.endswith(" more") else 0
    assert told + more >= len(named)
    assert not more or told == 2


@pytest.mark.parametrize(
    ("by", "told"),
    [
        (1.0, f"stays at NT${NBSP}465{NBSP}m, within the limit"),
        (0.9, "falls from"),
        (1.18225, f"rises from NT${NBSP}465{NBSP}m to NT${NBSP}550{NBSP}m, within the limit"),
        (1.1825, f"to NT${NBSP}550{NBSP}m, just above the limit of NT${NBSP}550{NBSP}m"),
    ],
)
def test_sentence_says_which_way_and_on_which_side_of_the_limit(by: float, told: str):
    assert told in book_words.book_verdict(CONTRACT, stressed(balances=5), today=TODAY, base=BASE, now=worse(by))


def test_rates_and_shocks_always_show_their_sign():
    stress = stressed(rate=-2.5, beta_rate=0.05, payments=-30)
    assert "interest rates 2.5 points lower" in book_words.in_words(CONTRACT, stress, TODAY)
    assert book_words.lever_value(CONTRACT, stress, "rate").startswith(MINUS)
    assert book_words.lever_value(CONTRACT, stress, "payments") == f"{MINUS}30{NBSP}%"


def test_limit_of_a_minimum_is_missed_and_of_a_maximum_exceeded():
    found = [
        book_words.measure_text(CONTRACT, BookScenario(), name=name, base=BASE, now=worse(1.5))
        for name in ("loss", "return_on_capital")
    ]
    assert [(each.holds, each.broken, each.direction) for each in found] == [
        (False, "exceeded", "worse"),
        (False, "missed", "worse"),
    ]


def test_measure_without_a_limit_says_nothing_of_one(contract: Contract):
    bare = contract.model_copy(update={"appetite": ()})
    told = book_words.measure_text(bare, BookScenario(), name="loss", base=BASE, now=worse(2))
    assert (told.limit, told.holds) == ("", None)
    assert book_words.book_verdict(bare, stressed(balances=5), today=TODAY, base=BASE, now=worse(2)).endswith("m.")


def test_nothing_at_all_reads_as_none_and_not_as_nan():
    nobody = Totals(0, 0.0, pd_sum=0.0, pd_exposure=0.0, loss=0.0, net_loss=0.0, capital=0.0, margin=0.0, years=3.0)
    for name in ("pd", "loss_bps", "return_on_capital"):
        told = book_words.measure_text(CONTRACT, BookScenario(), name=name, base=nobody, now=nobody)
        assert (told.now, told.change) == ("none", "")


def test_territory_is_told_as_a_frequency_with_both_results():
    told = book_words.held_words(CONTRACT, Clipped(600, 6.0e8, 6.3e8), TerritoryShare(0.014, 0.07, 1000), 30_000)
    assert told.replace(NBSP, " ") == (
        "600 customers (2.0 %) go beyond the range the model has seen and are scored at its edge; without that, "
        "expected loss would be NT$ 630 m. About 7 in 100 customers lie outside known territory, 1 in 100 as the book "
        "stands."
    )


def test_path_names_point_sign_and_what_was_derived():
    using = preset("fed_2026_severely_adverse")
    assert book_words.path_headline(using, using.peak, 50) == (
        f"Fed 2026, severely adverse: unemployment +5.5 points at Q3 2027, derived; +2.75 at 50{NBSP}% severity"
    )
    assert book_words.path_headline(using, using.peak, 100).endswith("derived")


@given(stresses(most=10))
def test_every_scenario_can_be_told_without_raw_names_or_long_decimals(stress: BookScenario):
    texts = [book_words.in_words(CONTRACT, stress, TODAY)]
    texts += [book_words.chip(CONTRACT, stress, name) for name, _ in stress.values if not name.startswith("overlay_")]
    for text in texts:
        assert "_" not in text.replace("limit_band", "")
        assert "nan" not in text
        assert len(text) < 400
    assert book_words.in_words(CONTRACT, BookScenario(), date(2026, 1, 1)) == ""


def test_enlarged_figure_keeps_its_data_and_grows_its_type():
    figure = {"data": [{"type": "bar", "x": [1]}], "layout": {"height": 200, "margin": {"l": 100}, "xaxis": {"a": 1}}}
    large = charts.enlarged(figure, 300)
    assert large["data"][0]["x"] == [1]
    assert large["data"][0]["textfont"]["size"] == large["layout"]["xaxis"]["tickfont"]["size"] == 16
    assert (large["layout"]["height"], large["layout"]["margin"]) == (300, {"l": 135})
    assert figure["layout"]["height"] == 200


def test_scope_of_the_shocks_stands_in_the_sentence():
    told = [
        book_words.in_words(CONTRACT, stressed(**each), TODAY).replace(NBSP, " ")
        for each in (
            {"balances": 20, "share": 50},
            {"balances": 20, "who": "limit_band:0"},
            {"later": 5, "who": "limit_band:0", "share": 50, "unemployment": 1},
        )
    ]
    assert told == [
        "With balances 20 % higher (only 50 % of the customers)",
        "With balances 20 % higher (only customers with credit limit below NT$ 50,000)",
        "With 5 % of customers one more month late (only 50 % of the customers with credit limit below NT$ 50,000) and "
        "unemployment 1 point higher",
    ]


@pytest.mark.parametrize(
    ("name", "band", "told"),
    [
        ("cards", "limit_band:4", "customers with credit limit NT$ 300,000 and more"),
        ("cards", "status_band:3", "customers in the band “1 month late” of payment status now"),
        ("small_business", "bank:1", "loans in the band “in another state, or not stated” of where the bank is"),
    ],
)
def test_those_in_a_band_are_told_as_one_says_it(name: str, band: str, told: str) -> None:
    assert book_words.band_phrase(books.read_book(name).contract, band).replace(NBSP, " ") == told


def test_a_band_is_told_in_the_contracts_own_words_where_it_has_any() -> None:
    phrases = ("who do not use it", "who pay in full", "who pay the minimum", "who are 1 month late", "who are later")
    segments = tuple(
        each.model_copy(update={"phrases": phrases}) if each.name == "status_band" else each
        for each in CONTRACT.segments
    )
    contract = CONTRACT.model_copy(update={"segments": segments})
    assert book_words.band_phrase(contract, "status_band:3") == "customers who are 1 month late"


def test_variable_without_a_coefficient_is_not_told_as_a_reason():
    assert book_words.in_words(CONTRACT, stressed(unemployment=3, beta_unemployment=0), TODAY) == ""
    assert book_words.chip(CONTRACT, stressed(gdp=-2), "gdp").endswith("without effect")


def test_margin_is_told_where_the_loss_stays():
    told = book_words.book_verdict(
        CONTRACT, stressed(apr=0.1), today=TODAY, base=BASE, now=Totals(*vars(BASE).values())
    )
    assert "margin" not in told
    poorer = Totals(
        30_000,
        3.294e9,
        pd_sum=6634.8,
        pd_exposure=5.815e8,
        loss=4.652e8,
        net_loss=4.652e8,
        capital=1.632e8,
        margin=-6.91e8,
        years=3.0,
    )
    told = book_words.book_verdict(CONTRACT, stressed(apr=0.0), today=TODAY, base=BASE, now=poorer).replace(NBSP, " ")
    assert "stays at NT$ 465 m, within the limit of NT$ 550 m; margin after loss over 36 months falls from" in told
    assert told.endswith("limits of margin and return broken.")


def test_capital_of_nothing_has_no_return_and_breaks_no_limit():
    free = Totals(
        30_000, 3.294e9, pd_sum=6634.8, pd_exposure=5.815e8, loss=0.0, net_loss=0.0, capital=0.0, margin=5e8, years=3.0
    )
    told = book_words.measure_text(CONTRACT, BookScenario(), name="return_on_capital", base=BASE, now=free)
    assert (told.now, told.holds) == ("none", None)


def test_a_shock_in_points_is_told_in_points_with_its_sign():
    contract = books.contract("small_business")
    stress = BookScenario().with_value(contract, "guarantee", -10)
    assert book_words.lever_value(contract, stress, "guarantee") == f"{MINUS}10{NBSP}pp"
    assert "guaranteed share 10 points lower" in book_words.book_verdict(
        contract, stress, today=TODAY, base=BASE, now=worse(1.1)
    )


def test_one_customer_is_told_in_the_singular() -> None:
    assert book_words.migration_headline("loan", (1, 9, 2)) == "1 loan falls to a lower score band, 2 rise, 9 stay"
    assert book_words.migration_headline("loan", (1200, 1, 1)) == (
        "1,200 loans fall to a lower score band, 1 rises, 1 stays"
    )
    told = book_words.held_words(CONTRACT, Clipped(1, 6.0e8, 6.0e8), TerritoryShare(0.01, 0.01, 1000), 30_000)
    assert told.startswith(f"1 customer (less than 0.1{NBSP}%) goes beyond the range the model has seen and is")


@pytest.mark.parametrize(
    ("edges", "told"),
    [
        ((0.001, 0.002, 0.3), ["below 0.1 %", "0.1 % to 0.2 %", "0.2 % to 30 %", "30 % and more"]),
        ((0.3, 0.6), ["below 30 %", "30 % to 60 %", "60 % and more"]),
    ],
)
def test_bands_whose_edges_lie_close_are_told_apart(edges: tuple[float, ...], told: list[str]) -> None:
    segment = CONTRACT.segment("use_band").model_copy(update={"edges": edges, "labels": ()})
    found = [language.band_label(CONTRACT, segment, band).replace(NBSP, " ") for band in range(len(edges) + 1)]
    assert found == told


def held(free: float) -> str:
    """What is told of a loss of 465 m that would be ``free`` if nobody were held at the edge."""
    known = TerritoryShare(0.02, 0.02, 1000)
    return book_words.held_words(CONTRACT, Clipped(3, 4.652e8, free), known, 30_000).replace(NBSP, " ")


def test_what_being_held_at_the_edge_makes_is_told_however_small() -> None:
    assert "which makes no difference to expected loss" in held(4.652e8)
    assert "without that, expected loss would move by +NT$ 4,000" in held(4.652e8 + 4_000)
    assert "without that, expected loss would be NT$ 470 m" in held(4.702e8)


def test_a_part_larger_than_its_whole_is_not_told_as_a_share_of_it() -> None:
    def told(*amounts: float) -> str:
        found = book_words.reaction(465e6, ["Balances", "Limit"], amounts)
        return book_words.reaction_headline(found, True, "NT$").replace(NBSP, " ")

    assert told(5e6, -1e6) == "The model reacted mostly to balances: +NT$ 5 m, +NT$ 4 m together with the others"
    assert told(5e6, 3e6) == "The model reacted mostly to balances: +NT$ 5 m of +NT$ 8 m"
    assert told(5e6, -5e6) == "The model reacted mostly to balances: +NT$ 5 m, made up for by the others"
    assert told(-44_648, 0) == f"The model reacted mostly to balances: {MINUS}NT$ 44,648 of {MINUS}NT$ 44,648"


def test_no_record_was_changed_is_said_only_where_none_was() -> None:
    nothing = book_words.reaction(465e6, ["Balances"], [0.0])
    assert book_words.reaction_headline(nothing, False, "NT$").startswith("No record was changed: the model was asked")
    assert "in anything that the model reacts to" in book_words.reaction_headline(nothing, True, "NT$")


def test_of_a_hundred_reactions_the_weightiest_have_bars_and_the_others_one_together() -> None:
    amounts = [(-1.0) ** k * 1e6 * k for k in range(100)]
    found = book_words.reaction(465e6, [f"Part {k}" for k in range(100)], amounts)
    assert [name for name, _ in found.bars] == [*(f"Part {k}" for k in range(99, 90, -1)), "91 others together"]
    assert sum(amount for _, amount in found.bars) == pytest.approx(sum(amount for _, amount in found.parts))
    few = book_words.reaction(465e6, ["Balances", "Limit"], [1e6, -2e6])
    assert few.bars == few.parts


def test_a_rise_too_small_to_show_in_the_loss_is_told_by_itself() -> None:
    told = book_words.book_verdict(CONTRACT, stressed(balances=5), today=TODAY, base=BASE, now=worse(1 + 1e-5)).replace(
        NBSP, " "
    )
    assert "expected loss over one month rises by NT$ 4,652, and is NT$ 465 m, within the limit" in told
