"""What the model looks at, in words and as charts."""

import re
from dataclasses import replace

import numpy as np
import pytest

from data.contract import Contract
from model.report import charts, numbers
from model.report.trust import effects_charts as drawn
from model.report.trust import effects_words as words
from model.validation import effects
from model.validation.effects import Effect, Overview, Together
from model.whatif.book.scored import ScoredBook


@pytest.fixture(scope="module")
def found(whole: ScoredBook) -> Overview:
    return effects.overview(whole)


@pytest.fixture(scope="module")
def every(whole: ScoredBook, found: Overview) -> list[Effect]:
    return [effects.effect(whole, found, own) for own in range(len(whole.contract.inputs))]


@pytest.fixture(scope="module")
def pair(whole: ScoredBook, found: Overview) -> Together:
    return effects.together(whole, found, found.pairs[0])


# ---- what matters most ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_concept", [True, False])
def test_bars_stand_in_order_of_their_size_and_every_one_is_told(
    contract: Contract, found: Overview, by_concept: bool
) -> None:
    bars = drawn.importance(contract, found, by_concept)["data"][0]
    assert bars["x"] == sorted(bars["x"], reverse=True)
    assert len(bars["x"]) == len(contract.concepts if by_concept else contract.inputs)
    told = drawn.importance_in_words(contract, found, by_concept)
    for label, size, _ in words.ranked(contract, found, by_concept):
        assert f"{label} {numbers.plain(size, 1)}" in told


def test_headline_of_the_bars_says_what_the_first_two_show(contract: Contract, found: Overview) -> None:
    told = words.importance_headline(contract, found, by_concept=True)
    texts = drawn.importance(contract, found, by_concept=True)["data"][0]["text"]
    assert re.findall(r"\d+\.\d", told) == texts[:2]
    first = contract.concepts[int(np.argmax(found.concepts))]
    assert told.startswith(f"{first.label} move{'' if first.plural else 's'} the score most")


def test_of_many_inputs_the_fifteen_largest_are_drawn_and_the_rest_mentioned(
    contract: Contract, found: Overview
) -> None:
    many = contract.model_copy(update={"inputs": contract.inputs * 2})
    twice = replace(
        found,
        inputs=np.tile(found.inputs, 2),
        swarm=replace(
            found.swarm, inputs=np.tile(found.swarm.inputs, (2, 1)), share=np.tile(found.swarm.share, (2, 1))
        ),
    )
    assert len(drawn.importance(many, twice, by_concept=False)["data"][0]["x"]) == words.MOST
    rest = len(many.inputs) - words.MOST
    assert f"The {rest} inputs not drawn" in words.swarm_note(many, twice, by_concept=False)
    assert "not drawn" not in words.swarm_note(contract, found, by_concept=False)


def test_dots_by_concept_are_orange_where_riskier_and_blue_where_safer(contract: Contract, found: Overview) -> None:
    dots = drawn.importance(contract, found, by_concept=True)["data"][1]
    assert dots["marker"]["color"] == [charts.WORSE if x < 0 else charts.BETTER for x in dots["x"]]
    assert len(dots["x"]) == len(contract.concepts) * effects.SAMPLED


def test_dots_by_input_are_coloured_by_the_value_and_missing_ones_are_rings(
    contract: Contract, found: Overview
) -> None:
    _, known, absent, _ = drawn.importance(contract, found, by_concept=False)["data"]
    missing = int(np.isnan(found.swarm.share).sum())
    assert missing
    assert len(absent["x"]) == missing
    assert len(known["x"]) == len(contract.inputs) * effects.SAMPLED - missing
    assert 0 <= min(known["marker"]["color"]) <= max(known["marker"]["color"]) <= 100


def test_dots_stay_in_their_own_row(contract: Contract, found: Overview) -> None:
    dots = drawn.importance(contract, found, by_concept=True)["data"][1]
    rows = np.repeat(np.arange(len(contract.concepts)), effects.SAMPLED)
    assert np.abs(np.array(dots["y"]) - rows).max() < 0.5


def test_sample_is_said_to_be_one(contract: Contract, found: Overview) -> None:
    note = words.swarm_note(contract, found, by_concept=True)
    assert f"{effects.SAMPLED} {contract.book.person}s, a fixed sample" in note
    assert f"{found.n:,} {contract.book.person}s" in note


# ---- one input ------------------------------------------------------------------------------------------------------


def test_effect_is_drawn_orange_below_zero_and_blue_above(contract: Contract, every: list[Effect]) -> None:
    for each in every:
        traces = drawn.effect(contract, each)["data"]
        for colour, sign in ((charts.WORSE, -1), (charts.BETTER, 1)):
            levels = [y for trace in traces if trace.get("line", {}).get("color") == colour for y in trace["y"]]
            assert all(sign * y >= -0.005 for y in levels if y is not None)


def test_effect_draws_every_group_between_the_ends(contract: Contract, every: list[Effect]) -> None:
    for each in every:
        traces = drawn.effect(contract, each)["data"]
        thick = [trace for trace in traces if trace.get("line", {}).get("width") == 4]
        stretches = sum(sum(y is None for y in trace["y"]) for trace in thick)
        assert stretches == len(traces[-1]["text"])
        assert stretches == len(each.mean) or not each.values.single


def test_effect_names_codes_and_missing_values_in_words(contract: Contract, every: list[Effect]) -> None:
    for each, given in zip(every, contract.inputs, strict=True):
        ticks = [text.replace("<br>", " ") for text in drawn.effect(contract, each)["layout"]["xaxis"]["ticktext"]]
        if given.codes:
            assert set(ticks) <= set(given.codes.values())
        if each.values.missing:
            assert ticks[-1] == (given.missing or "missing")


def test_an_input_that_hardly_matters_looks_and_reads_so(contract: Contract, every: list[Effect]) -> None:
    flat = replace(every[0], mean=every[0].mean * 0, low=every[0].low * 0, high=every[0].high * 0)
    low, high = drawn.effect(contract, flat)["layout"]["yaxis"]["range"]
    assert low <= -drawn.LEAST < drawn.LEAST <= high
    assert "hardly moves the score" in words.effect_headline(contract, flat)


def test_headline_of_an_effect_tells_the_best_and_the_worst_that_some_have(
    contract: Contract, every: list[Effect]
) -> None:
    for each in every:
        told = words.effect_headline(contract, each)
        assert told.startswith(contract.inputs[each.values.own].label)
        if "hardly" in told:
            continue
        share = each.values.n / each.values.n.sum()
        worth = each.mean[share >= words.WORTH]
        assert f"{numbers.score_points(worth.max())} point" in told
        assert f"{numbers.score_points(worth.min())} at worst" in told


def test_a_caption_that_promises_one_way_stands_under_a_line_and_a_band_that_go_one_way(
    contract: Contract, every: list[Effect]
) -> None:
    promised = [each for each in every if "never" in words.effect_note(contract, each)]
    assert promised
    for each in promised:
        riskier = "never safer" in words.effect_note(contract, each)
        traces = drawn.effect(contract, each)["data"]
        for y in _levels(traces, each):
            steps = np.diff(y)
            assert (steps <= 0.0101).all() if riskier else (steps >= -0.0101).all()  # rounded to two digits


def _levels(traces: list[dict], each: Effect) -> list[list[float]]:
    """Heights of the line, and of both edges of the band over the known values."""
    line = next(trace for trace in traces if trace.get("line", {}).get("width") == 1)["y"]
    band = next(trace for trace in traces if trace.get("fill") == "toself")["y"]
    half = len(band) // 2
    return [line, band[:half], band[half:][::-1]]


def test_values_that_the_model_does_not_tell_apart_are_told_together(contract: Contract, every: list[Effect]) -> None:
    each = next(each for each in every if contract.inputs[each.values.own].codes and each.values.known > 3)
    step = np.where(np.arange(len(each.mean)) < 2, 5.0, -30.0)
    ends = [words.group_words(contract, each.values, k) for k in (2, each.values.known - 1)]
    assert f"{numbers.MINUS}30 at worst ({ends[0]} to {ends[1]})" in words.effect_headline(
        contract, replace(each, mean=step)
    )


def test_pointers_note_says_what_would_move_and_for_how_many(contract: Contract, every: list[Effect]) -> None:
    told = words.effect_hover(contract, every[0], 0)
    assert f"points if every {contract.book.person} had it, 9 in 10 between" in told
    assert told.endswith("have it") or told.endswith("has it")
    assert not re.search(r"\d\.\d\d", told)


def test_amounts_of_very_different_size_are_drawn_along_their_logarithm(
    contract: Contract, every: list[Effect]
) -> None:
    amounts = next(each for each in every if not each.values.single and not each.values.missing)
    wide = replace(
        amounts,
        ends=(10.0, 1e6),
        log=True,
        values=replace(amounts.values, start=np.geomspace(10, 9e5, len(amounts.mean))),
    )
    axis = drawn.effect(contract, wide)["layout"]["xaxis"]
    assert axis["range"] == [1.0, 6.0]
    assert axis["tickvals"] == [1, 2, 3, 4, 5, 6]


def test_effect_is_told_to_those_who_cannot_see_it(contract: Contract, every: list[Effect]) -> None:
    for each in every:
        told = drawn.effect_in_words(contract, each)
        assert words.group_words(contract, each.values, 0) in told
        assert words.group_words(contract, each.values, len(each.mean) - 1) in told


# ---- two inputs together --------------------------------------------------------------------------------------------


def test_map_is_blank_where_nobody_is_and_says_how_many_are_elsewhere(
    contract: Contract, whole: ScoredBook, found: Overview
) -> None:
    every_pair = (effects.together(whole, found, each) for each in found.pairs)
    pair = next(each for each in every_pair if not each.n.all())
    map_ = drawn.together(contract, pair)["data"][0]
    blank = np.array([[cell is None for cell in row] for row in map_["z"]])
    told = np.array([[bool(cell) for cell in row] for row in map_["customdata"]])
    assert blank.any()
    assert np.array_equal(blank, ~told)
    assert blank.sum() == (pair.n == 0).sum()
    people = sum(
        int(re.findall(r"([\d,]+) \w+$", cell)[0].replace(",", ""))
        for row in map_["customdata"]
        for cell in row
        if cell
    )
    assert people == pair.n.sum()


def test_colours_of_the_map_are_even_about_zero(contract: Contract, pair: Together) -> None:
    map_ = drawn.together(contract, pair)["data"][0]
    assert map_["zmin"] == -map_["zmax"] < 0


def test_headline_of_a_pair_names_both_and_the_size_of_its_option(contract: Contract, pair: Together) -> None:
    told, option = words.together_headline(contract, pair), words.pair_label(contract, pair.table)
    for own in (pair.table.first, pair.table.second):
        assert contract.inputs[own].label.lower() in told.lower()
    assert re.findall(r"\d\.\d", told) == re.findall(r"\d\.\d", option)


def test_map_is_told_to_those_who_cannot_see_it(contract: Contract, pair: Together) -> None:
    told = drawn.together_in_words(contract, pair)
    assert re.search(rf"riskiest {numbers.MINUS}\d", told)
    assert re.search(r"safest \+\d", told)


# ---- every table, and words -----------------------------------------------------------------------------------------


def test_headline_counts_tables_and_cells(found: Overview) -> None:
    told = words.tables_headline(found)
    assert f"{len(found.tables.first)} tables" in told
    assert f"{len(found.tables.cells):,} cells" in told


def test_download_names_codes_and_missing_values_in_words(contract: Contract, found: Overview) -> None:
    frame = words.cells_frame(contract, effects.every_cell(found))
    assert len(frame) == len(found.tables.cells) + 1
    coded = next(each for each in contract.inputs if each.codes)
    told = set(frame[frame["input_1"] == coded.label]["words_1"])
    assert coded.codes[min(coded.codes)] in told
    may_miss = next(each for each in contract.inputs if each.missing)
    absent = frame[(frame["input_1"] == may_miss.label) & frame["above_1"].isna()]
    assert set(absent["words_1"]) == {may_miss.missing}


@pytest.mark.parametrize(
    ("above", "up_to", "told"),
    [(-np.inf, 0.255, "up to 25.5 %"), (0.255, np.inf, "above 25.5 %"), (-np.inf, np.inf, "any value")],
)
def test_an_interval_is_told_exactly(contract: Contract, above: float, up_to: float, told: str) -> None:
    share = next(each for each in contract.inputs if each.unit == "%")
    assert words.interval_words(share, above, up_to).replace(numbers.NBSP, " ") == told


def test_an_interval_of_years_has_no_separators(contract: Contract) -> None:
    built = contract.inputs[0].model_copy(update={"unit": "year", "codes": {}})
    assert words.interval_words(built, 1999.5, np.inf) == "above 1999.5"


@pytest.mark.parametrize(
    ("value", "told"), [(0.0, "no points"), (0.03, "less than 0.1 points"), (1.0, "1.0 point"), (9.96, "10.0 points")]
)
def test_points_are_told_to_one_decimal(value: float, told: str) -> None:
    assert words.points_words(value).replace(numbers.NBSP, " ") == told


def test_nothing_told_claims_a_cause_or_names_shap_but_the_method(
    contract: Contract, found: Overview, every: list[Effect], pair: Together
) -> None:
    told = [
        words.importance_headline(contract, found, True),
        words.swarm_headline(contract, found, False),
        words.swarm_note(contract, found, True),
        words.together_headline(contract, pair),
        words.together_note(contract),
        words.tables_headline(found),
        words.tables_note(contract, found),
        *(words.effect_headline(contract, each) for each in every),
        *(words.effect_note(contract, each) for each in every),
    ]
    assert not [each for each in told if re.search(r"\bcaus|\bSHAP\b|Shapley", each)]
    assert "SHAP" in words.effects_method(contract, found)


def test_no_chart_has_a_legend_or_a_fixed_text_colour(
    contract: Contract, found: Overview, every: list[Effect], pair: Together
) -> None:
    for figure in (
        drawn.importance(contract, found, True),
        drawn.importance(contract, found, False),
        drawn.effect(contract, every[0]),
        drawn.together(contract, pair),
    ):
        assert figure["layout"]["showlegend"] is False
        assert "font" not in figure["layout"]
