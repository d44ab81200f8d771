"""What is said of the book, as values: held against the book's own arithmetic."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data.regulators.presets import presets
from model.engine.identity import Deployed, SpotCheck
from model.engine.parallel import Progress, no_progress
from model.engine.scorer import TableScorer
from model.report.book import words
from model.report.book.briefing import Check, band_choice, book_briefing, slide
from model.report.book.sensitivity import target_choice
from model.report.briefing import FRACTION, Briefing, Choices, Finding, Item, Notice, Panel, Table, Tile
from model.report.numbers import MINUS, NBSP, Unit
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario, Value, layers
from model.whatif.book.scored import ScoredBook
from model.whatif.book.totals import Totals
from tests.support import guaranteed
from tests.support.records import BOOK, CONTRACT, stressed

DAY = date(2026, 1, 31)
OURS = Deployed("0123456789ab")
THERE = Deployed("0123456789ab", "10.0.0.7")
FOREIGN = Deployed("their model", "10.0.0.7", foreign=True)
FED = "fed_2026_severely_adverse"
PANELS = ("_path", "_steps", "_tornado", "_grid", "_seek", "_reactions")
PANELS += ("_migration", "_cells", "_movers", "_weighted", "_numbers")


def result_of(whole: ScoredBook, **assumed: Value) -> BookResult:
    return BookResult.of(whole, stressed(**assumed), DAY)


def totals(whole: ScoredBook, **assumed: Value) -> Totals:
    return whole.totals([layers(CONTRACT, stressed(**assumed), DAY)])[0]


@pytest.fixture(scope="module")
def result(whole: ScoredBook) -> BookResult:
    return result_of(whole, preset=FED, balances=20, weight_as_is=70.0, weight_fed_2026_severely_adverse=30.0)


@pytest.fixture(scope="module")
def said(result: BookResult) -> Briefing:
    return book_briefing(result, {}, model=OURS)


@pytest.fixture(scope="module")
def loans() -> Briefing:
    """A book of which somebody else bears a part of each loss."""
    scenario = BookScenario().with_value(guaranteed.CONTRACT, "unemployment", 3)
    return book_briefing(BookResult.of(guaranteed.whole(), scenario, DAY), {}, model=OURS)


def bare_of(scorer: TableScorer, **gone: object) -> BookResult:
    """The book under a contract without something."""
    contract = CONTRACT.model_copy(update=gone)
    return result_of(ScoredBook(replace(scorer, contract=contract), BOOK.raw, BOOK.ids), balances=20)


def tile(said: Briefing, label: str) -> Tile:
    return next(each for each in said.tiles if each.label == label)


def panel(said: Briefing, key: str) -> Panel:
    return next(each for each in said.panels if each.key == key)


def items(said: Briefing, key: str, **choices: str | float) -> tuple[Item, ...]:
    return panel(said, key).answers(choices)


def finding(said: Briefing, key: str, **choices: str | float) -> Finding:
    return next(each for each in items(said, key, **choices) if isinstance(each, Finding))


def table(said: Briefing, key: str, **choices: str | float) -> Table:
    found = finding(said, key, **choices).table
    assert found is not None
    return found


def column(found: Table, name: str, place: str = "both", shown: bool = False) -> list[float]:
    (k,) = (k for k, each in enumerate(found.columns) if each.name == name and each.place == place)
    rows = found.rounded if shown else found.exact
    return [float(row[k]) for row in rows if isinstance(row[k], int | float)]


def texts(found: Table, name: str) -> list[str]:
    (k,) = (k for k, each in enumerate(found.columns) if each.name == name and each.place != "file")
    return [str(row[k]) for row in found.exact]


# ---- the numbers ----------------------------------------------------------------------------------------------------


def test_tiles_tell_scenario_book_difference_and_limit(said: Briefing, whole: ScoredBook, result: BookResult) -> None:
    base, now = totals(whole), totals(whole, preset=FED, balances=20)
    found = tile(said, "Expected loss")
    assert found.value == f"NT${NBSP}{now.loss / 1e6:,.0f}{NBSP}m"
    assert found.was == f"NT${NBSP}{base.loss / 1e6:,.0f}{NBSP}m"
    assert (found.direction, found.limit, found.broken) == ("worse", f"NT${NBSP}550{NBSP}m", "exceeded")
    assert found.notes == (f"one month, {1e4 * now.loss / now.exposure:,.0f}{NBSP}bp",)
    assert tile(said, "Exposure").notes == ("30,000 customers",)
    assert tile(said, "Exposure").direction == ""  # more of it is neither
    assert tile(said, "Return on capital").broken == "missed"
    assert len(said.tiles) == 6


def test_of_the_book_as_it_is_no_tile_tells_a_difference(whole: ScoredBook) -> None:
    said = book_briefing(result_of(whole), {}, model=OURS)
    assert {(each.was, each.change) for each in said.tiles} == {("", "")}
    assert said.sentence.startswith("As the book stands")


def test_what_did_not_move_under_a_scenario_is_told_as_unchanged(whole: ScoredBook) -> None:
    found = tile(book_briefing(result_of(whole, apr=0.1), {}, model=OURS), "Expected loss")
    assert (found.change, found.direction) == ("unchanged", "")
    assert found.was == found.value


@pytest.mark.parametrize("share", [words.FAR - 0.001, words.FAR])
def test_numbers_are_muted_once_too_many_lie_outside_known_territory(
    result: BookResult, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    own = replace(result)
    monkeypatch.setitem(own.__dict__, "territory", replace(result.territory, now=share))
    said = book_briefing(own, {}, model=OURS)
    assert {each.muted for each in said.tiles} == {share >= words.FAR}
    assert "20 in 100 customers lie outside known territory" in said.below


def test_the_loss_of_a_guaranteed_book_is_told_gross_and_net(loans: Briefing) -> None:
    horizon, net = tile(loans, "Expected loss").notes
    assert loans.guaranteed
    assert horizon == "the life of the loan, gross"
    assert net.startswith("net of the guarantee US$")
    assert f"({net})" in loans.sentence


def test_an_overlay_that_lacks_something_is_told_before_the_numbers(whole: ScoredBook) -> None:
    (notice,) = book_briefing(result_of(whole, overlay_pd=20), {}, model=OURS).notices
    assert notice == Notice(
        "The overlay is not applied: it needs an owner and a reason and a date until which it is valid.", "warning"
    )
    assert book_briefing(result_of(whole, balances=20), {}, model=OURS).notices == ()


def test_for_an_audience_what_is_assumed_stands_below_the_numbers(result: BookResult, said: Briefing) -> None:
    far = book_briefing(result, {}, model=OURS, presented=True)
    assert far.below.replace(NBSP, " ").startswith("Balances +20 % · Fed 2026, severely adverse · Weight")
    assert far.below.endswith(said.below)
    assert "at Q3 2027, its peak. " in far.below
    assert (far.tiles, far.sentence) == (said.tiles, said.sentence)


def test_known_territory_of_a_foreign_model_is_that_of_the_book(result: BookResult, said: Briefing) -> None:
    assert "beyond the range the model has seen" in said.below
    assert "beyond the range of the book" in book_briefing(result, {}, model=FOREIGN).below


# ---- the model elsewhere --------------------------------------------------------------------------------------------


def checked(result: BookResult, model: Deployed, found: SpotCheck | None = None) -> tuple[Item, ...]:
    check: Check | None = None if found is None else lambda: found
    return book_briefing(result, {}, model=model, check=check).checks


def test_a_model_that_says_the_same_elsewhere_is_told_in_a_line(result: BookResult) -> None:
    (found,) = checked(result, THERE, SpotCheck(200, 0, 0.0, 41.7))
    assert isinstance(found, Finding)
    assert found.note == (
        "Checked live: 200 random customers asked of release 0123456789ab at 10.0.0.7 just now have the same "
        "probability as by its tables here, 42 ms."
    )


def test_a_model_that_says_something_else_is_an_error(result: BookResult) -> None:
    (found,) = checked(result, THERE, SpotCheck(200, 3, 0.012, 41.7))
    assert isinstance(found, Notice)
    assert found.level == "error"
    assert found.text.startswith("3 of 200 customers asked live just now have another probability than by the tables")
    assert f"by up to +1.2{NBSP}points" in found.text


def test_of_a_foreign_model_it_is_told_who_was_asked_about(scorer: TableScorer, result: BookResult) -> None:
    (found,) = checked(result, FOREIGN)
    assert isinstance(found, Finding)
    assert "was asked live about all 30,000 customers." in found.note
    some = np.arange(0, 30_000, 10)
    part = ScoredBook(scorer, np.ascontiguousarray(BOOK.raw[:, some]), BOOK.ids[some], each=10.0)
    (found,) = checked(BookResult.of(part, BookScenario(), DAY), FOREIGN)
    assert isinstance(found, Finding)
    assert "about 3,000 of 30,000 customers, a stratified sample of which each stands for 10.0" in found.note


def test_the_model_here_is_not_checked_and_no_check_is_made_before_it_is_asked_for(result: BookResult) -> None:
    def never() -> SpotCheck:
        raise AssertionError("asked too early")

    assert checked(result, OURS) == ()
    assert book_briefing(result, {}, model=THERE, check=never).tiles


# ---- what moved it, where it sits -----------------------------------------------------------------------------------


def test_the_measure_and_the_segment_are_those_chosen(result: BookResult) -> None:
    for measure, segment in (("loss", "limit_band"), ("capital", "use_band")):
        bridge, where = book_briefing(result, {"_measure": measure, "_segment": segment}, model=OURS).findings
        assert isinstance(bridge, Finding)
        assert isinstance(where, Finding)
        assert bridge.half
        assert where.half
        assert words.label(CONTRACT, result.bridge(measure).measure)[1:] in bridge.headline  # type: ignore[arg-type]
        assert where.headline.startswith(CONTRACT.segment(segment).label)


def test_before_anything_is_assumed_the_regulators_scenarios_stand_with_what_they_come_to(whole: ScoredBook) -> None:
    for measure in ("loss", "margin"):
        found = book_briefing(result_of(whole, limit_loss=600e6), {"_measure": measure}, model=OURS).findings[0]
        assert isinstance(found, Finding)
        assert [each.value for each in found.starts] == [each.name for each in presets()]
        values = [totals(whole, preset=str(each.value)).measure(measure) for each in found.starts]
        unit = Unit.of(totals(whole).measure(measure), *values)
        for each, expected in zip(found.starts, values, strict=True):
            assert each.result == words.text(CONTRACT, measure, expected, unit)
            assert each.mark == ("✓" if (expected <= 600e6 if measure == "loss" else expected >= 0) else "✗")
    off = sum(each.mark == "✗" for each in found.starts)
    assert found.headline.startswith(f"{off} of 5 regulators' scenarios would break the limit of NT${NBSP}0 on margin")
    own = result_of(whole)
    assert own.under_regulators("loss") is result_of(whole).under_regulators("loss")  # once for all visitors


def test_a_book_that_no_regulators_scenario_reaches_has_its_bridge(scorer: TableScorer) -> None:
    economy = tuple(each.model_copy(update={"coefficient": 0.0}) for each in CONTRACT.economy)
    contract = CONTRACT.model_copy(update={"economy": economy})
    calm = BookResult.of(ScoredBook(replace(scorer, contract=contract), BOOK.raw, BOOK.ids), BookScenario(), DAY)
    found = book_briefing(calm, {}, model=OURS).findings[0]
    assert isinstance(found, Finding)
    assert (found.key, found.starts) == ("bridge", ())


def test_the_maps_shades_mean_the_same_in_the_book_and_under_a_scenario(whole: ScoredBook) -> None:
    shades: dict[str, dict[float, str]] = {}
    keys = []
    for stress in ({}, {"unemployment": 5}):
        where = book_briefing(result_of(whole, **stress), {}, model=OURS).findings[1]
        assert isinstance(where, Finding)
        assert where.chart is not None
        map_, key = where.chart["data"]
        risks = [float(text.split("PD ")[1].split(NBSP)[0]) if text else 0.0 for text in map_["text"]]
        shades[str(stress)] = dict(zip(risks, map_["marker"]["colors"], strict=True))
        keys.append(key)
    before, after = shades.values()
    assert all(before[risk] == after[risk] for risk in set(before) & set(after) if risk)
    assert max(after) > max(before)
    assert keys[0] == keys[1]
    bar = keys[0]["marker"]["colorbar"]
    assert bar["ticktext"][-1].endswith("% and more")
    assert keys[0]["marker"]["cmax"] < 1


def test_of_a_part_of_the_book_everything_speaks_and_no_limit_judges_it(whole: ScoredBook) -> None:
    result = result_of(whole, preset=FED, balances=20, limit_loss=500e6)
    part = result.within("limit_band:0")
    said = book_briefing(part, {}, model=OURS)
    assert "expected loss over one month on customers with credit limit below" in said.sentence
    assert "limit of" not in said.sentence
    loss = tile(said, "Expected loss")
    assert (loss.limit, loss.broken, loss.headroom) == ("", "", None)
    assert loss.notes[-1] == f"{100 * part.now.loss / result.now.loss:.1f}{NBSP}% of the book's"
    assert tile(said, "PD by exposure").notes[-1] == f"the book's {100 * result.now.pd:.1f}{NBSP}%"
    assert tile(said, "Exposure").notes[0] == f"{part.now.customers:,} customers"
    assert said.below.startswith("Limits are the whole book's: its expected loss is NT$")
    assert f"above the limit of NT${NBSP}500{NBSP}m" in said.below
    bridge, where = said.findings
    assert isinstance(bridge, Finding)
    assert isinstance(where, Finding)
    assert bridge.chart is not None
    assert "shapes" not in bridge.chart["layout"]
    assert where.headline.startswith(CONTRACT.segments[1].label)  # all are in one band of the first
    asked = [each.text[0] for each in items(said, "_seek") if isinstance(each, Finding) and each.text]
    assert asked[-1].startswith("Limits are the whole book's.")
    assert texts(table(said, "_cells"), CONTRACT.segments[0].label)[-1] == "All of these"
    everyone = book_briefing(result, {}, model=OURS)
    assert "Limits are" not in everyone.below


def test_every_band_can_be_looked_into_and_says_its_pd(whole: ScoredBook) -> None:
    result = result_of(whole, unemployment=3)
    for seen in (result, result.within("limit_band:1")):
        choice = band_choice(seen, {})
        assert choice is not None
        assert choice.default == seen.band
        cells = result.cells(CONTRACT.segment("limit_band"))
        assert len(choice.options) == len(cells)
        for (name, label), cell in zip(choice.options, cells, strict=True):
            assert name == f"limit_band:{cell.path[0]}"
            assert label.endswith(f", PD {100 * cell.now.pd:.1f}{NBSP}%")


def test_a_book_without_segments_says_so_and_has_no_table_of_them(scorer: TableScorer) -> None:
    said = book_briefing(bare_of(scorer, segments=()), {}, model=OURS)
    where = said.findings[1]
    assert isinstance(where, Finding)
    assert (where.chart, where.headline[:33]) == (None, "The contract of this book declare")
    assert "_cells" not in [each.key for each in said.panels]
    assert [each.key for each in said.choices] == ["_measure"]


def test_slides_are_the_findings_enlarged_and_turn_round(result: BookResult) -> None:
    slides = [slide(result, {}, number) for number in range(5)]
    assert [each.place for each in slides] == ["1 of 4", "2 of 4", "3 of 4", "4 of 4", "1 of 4"]
    found = [each.finding for each in slides if isinstance(each.finding, Finding)]
    assert [each.key for each in found] == ["bridge", "where", "migration", "reactions", "bridge"]
    for each in found:
        assert each.chart is not None
        assert each.chart["layout"]["height"] == 300
        assert (each.table, each.half, each.fills) == (None, False, True)
    assert found[0].headline == slide(result, {}, -4).finding.headline  # type: ignore[union-attr]


def test_charts_without_anything_to_show_are_no_slides(whole: ScoredBook) -> None:
    calm = BookResult.of(whole, BookScenario(), DAY)
    only = slide(calm, {}, 1)
    assert (only.place, only.finding.key) == ("1 of 1", "where")  # type: ignore[union-attr]


def test_work_that_takes_long_is_followed_by_what_is_being_done(result: BookResult) -> None:
    doing = []

    @contextmanager
    def follow(what: str) -> Iterator[Progress]:
        doing.append(what)
        yield no_progress

    own = book_briefing(replace(result), {"_grid_other": "lgd"}, model=OURS, follow=follow)
    assert doing == []
    assert own.findings
    for key in ("_tornado", "_grid", "_seek", "_weighted"):
        items(own, key, _grid_other="lgd")
    assert doing == [
        "Working out what moved it",
        "Moving every lever",
        "Working out the table of two",
        "Seeking",
        "Scaling the scenario",
        "Scoring the book under each scenario",
    ]


def test_nothing_is_worked_out_before_it_is_asked_for(whole: ScoredBook, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("worked out too early")

    names = ("bridge", "cells", "migration", "movers", "input_reactions", "lever_bars", "one_way", "two_way", "goal")
    for name in (*names, "breaking", "weighted_losses"):
        monkeypatch.setattr(BookResult, name, never)
    own = book_briefing(result_of(whole, preset=FED), {}, model=OURS)
    assert tuple(each.key for each in own.panels) == PANELS
    assert book_briefing(result_of(whole), {}, model=OURS).panels[0].key == "_steps"  # no preset, no path


# ---- the panels -----------------------------------------------------------------------------------------------------


def test_every_step_adds_up_exactly_and_as_shown(said: Briefing, result: BookResult) -> None:
    found = table(said, "_steps")
    assert texts(found, "Part")[0] == "As the book stands"
    for name in ("Expected loss", "Capital (IRB)", "Margin after loss"):
        base, *parts, now = column(found, name)
        assert base + sum(parts) == pytest.approx(now, rel=1e-9)
        base, *parts, now = column(found, name, shown=True)
        assert base + sum(parts) == now
    assert column(found, "Expected loss")[-1] == pytest.approx(result.now.loss)


def test_of_the_book_as_it_is_there_are_no_steps(whole: ScoredBook) -> None:
    found = table(book_briefing(result_of(whole), {}, model=OURS), "_steps")
    assert texts(found, "Part") == ["As the book stands", "Under the scenario"]


def test_the_tornado_holds_both_ends_of_every_lever(said: Briefing, whole: ScoredBook) -> None:
    found = table(said, "_tornado", _tornado_measure="loss")
    k = texts(found, "Lever").index("Loss given default")
    row = dict(zip((each.name for each in found.columns), found.exact[k], strict=True))
    assert (row["Adverse end"], row["Favourable end"], row["Unit"]) == (90.0, 70.0, "%")
    for end, lgd in (("adverse", 0.9), ("favourable", 0.7)):
        expected = totals(whole, preset=FED, balances=20, lgd=lgd).loss
        assert row[f"Expected loss at the {end} end"] == pytest.approx(expected)
    share = table(said, "_tornado", _tornado_measure="pd")
    assert [each.unit for each in share.columns[4:]] == [FRACTION] * 3
    assert all(each.heading.endswith(", %") for each in share.columns[4:])


def chosen_panels(result: BookResult, **choices: str | float) -> Briefing:
    return book_briefing(result, choices, model=OURS)


def test_a_one_way_table_reads_as_elsewhere_and_is_exact_in_its_file(result: BookResult, whole: ScoredBook) -> None:
    said = chosen_panels(result, _grid_one="lgd")
    found = table(said, "_grid", _grid_one="lgd")
    values, losses = column(found, "Loss given default", "file"), column(found, "Expected loss", "file")
    assert "Loss given default, %" in [each.heading for each in found.columns]
    for k in (0, values.index(80), len(values) - 1):
        assert losses[k] == pytest.approx(totals(whole, preset=FED, balances=20, lgd=values[k] / 100).loss)
    assert texts(found, "Expected loss")[values.index(80)] == tile(said, "Expected loss").value
    assert texts(found, "Loss given default")[values.index(80)] == f"80{NBSP}%"


def test_a_two_way_table_is_the_direct_calculation_in_every_cell(result: BookResult, whole: ScoredBook) -> None:
    choices: Choices = {"_grid_one": "balances", "_grid_other": "lgd", "_grid_measure": "capital"}
    said = book_briefing(result, choices, model=OURS)
    found = table(said, "_grid", **choices)
    assert [each.key for each in panel(said, "_grid").choices] == list(choices)
    rows, heads = texts(found, "Balances"), [each.name for each in found.columns]
    expected = totals(whole, preset=FED, balances=0, lgd=0.8).capital
    at = heads.index(f"Capital (IRB) at 80{NBSP}%")
    assert found.exact[rows.index(f"0{NBSP}%")][at] == pytest.approx(expected)
    assert finding(said, "_grid", **choices).headline == ("Capital (IRB): balances down, loss given default across")


def test_a_two_way_table_marks_what_is_beyond_the_limit_and_frames_where_all_stands(result: BookResult) -> None:
    choices: Choices = {"_grid_one": "balances", "_grid_other": "lgd", "_grid_measure": "loss"}
    said = book_briefing(result, choices, model=OURS)
    found, drawn = table(said, "_grid", **choices), finding(said, "_grid", **choices)
    assert drawn.chart is not None
    texts_ = [text for row in drawn.chart["data"][0]["text"] for text in row]
    values = [float(cell) for row in found.exact for cell in row[1:] if isinstance(cell, float)]
    assert [text.endswith(" ✗") for text in texts_] == [value > 550e6 for value in values]
    assert 0 < sum(value > 550e6 for value in values) < len(values)
    (frame,) = drawn.chart["layout"]["shapes"]
    down, across = (drawn.chart["data"][0][axis] for axis in ("y", "x"))
    row, column = round((frame["y0"] + frame["y1"]) / 2), round((frame["x0"] + frame["x1"]) / 2)
    assert (down[row].strip(), across[column]) == (f"+20{NBSP}%", f"80{NBSP}%")
    assert f"NT${NBSP}550{NBSP}m: {sum(value > 550e6 for value in values)} of {len(values)} cells" in drawn.note
    share = finding(said, "_grid", **{**choices, "_grid_measure": "net_loss"})  # none of this book: the default
    assert "Framed" in share.note


def test_the_limit_is_a_line_in_the_bridge_and_in_the_tornado(result: BookResult, whole: ScoredBook) -> None:
    said = book_briefing(result, {}, model=OURS)
    bridge, tornado = said.findings[0], finding(said, "_tornado", _tornado_measure="loss")
    assert isinstance(bridge, Finding)
    for each, key in ((bridge, "bridge"), (tornado, "tornado")):
        assert each.chart is not None
        dashed = [shape["x0"] for shape in each.chart["layout"]["shapes"] if shape["line"].get("dash") == "dash"]
        assert dashed == [550.0], key
        low, high = each.chart["layout"]["xaxis"]["range"]
        assert low < 550 < high
        assert f"limit 550{NBSP}m" in each.alt
        assert {bars["textposition"] for bars in each.chart["data"]} == {"none"}  # annotations lie over the line
        written = [text["text"] for text in each.chart["layout"]["annotations"]]
        assert len(written) == 1 + len(each.chart["data"]) * len(each.chart["data"][0]["x"])
    assert tornado.chart is not None
    exact = {row[0]: row for row in table(said, "_tornado", _tornado_measure="loss").exact}
    for bars, at in zip(tornado.chart["data"], (4, 5), strict=True):
        for name, text in zip(bars["y"], bars["text"], strict=True):
            reached = float(str(exact[name.strip()][at]))
            assert float(text.split(NBSP)[0].replace(",", "")) == pytest.approx(reached / 1e6, abs=0.51)
    far = book_briefing(result_of(whole, limit_loss=90e9, apr=0.1), {}, model=OURS).findings[0]
    assert isinstance(far, Finding)
    assert far.chart is not None
    assert "shapes" not in far.chart["layout"]
    assert far.chart["layout"]["annotations"][-1]["text"].endswith(", off this chart")
    bare = book_briefing(result_of(whole, apr=0.1), {"_measure": "capital"}, model=OURS).findings[0]
    assert isinstance(bare, Finding)
    assert bare.chart is not None
    assert [each["x0"] for each in bare.chart["layout"]["shapes"]] == [180.0]


def test_reverse_stress_names_where_the_levers_stand_when_it_breaks(whole: ScoredBook) -> None:
    said = book_briefing(result_of(whole, unemployment=4, balances=10), {}, model=OURS)
    answer = items(said, "_seek")[-1]
    assert isinstance(answer, Finding)
    told = answer.text[0]
    severity = int(told.split("breaks at ")[1].split(NBSP)[0]) / 100
    assert 0 < severity < 1
    assert f"with balances +{10 * severity:g}{NBSP}% and unemployment +{4 * severity:g}{NBSP}pp." in told


def test_one_lever_cannot_be_chosen_for_rows_and_columns(result: BookResult) -> None:
    said = chosen_panels(result, _grid_one="lgd", _grid_other="lgd")
    one, other = panel(said, "_grid").choices
    assert "lgd" in dict(one.options)
    assert "lgd" not in dict(other.options)
    assert other.of({"_grid_other": "lgd"}) == ""


def test_a_goal_that_is_reached_suggests_the_value_that_reaches_it(whole: ScoredBook) -> None:
    result = result_of(whole, unemployment=3)
    lever = {"_seek_lever": "lgd"}
    answer = next(
        each
        for each in items(book_briefing(result, lever, model=OURS), "_seek", **lever)
        if isinstance(each, Finding) and each.text
    )
    assert answer.suggestion is not None
    assert (answer.suggestion.name, answer.suggestion.label) == (
        "lgd",
        f"Set loss given default to {100 * answer.suggestion.value:g}{NBSP}%",
    )
    assert totals(whole, unemployment=3, lgd=answer.suggestion.value).loss <= 550e6
    assert totals(whole, unemployment=3, lgd=answer.suggestion.value + 0.01).loss > 550e6


def test_a_goal_that_may_not_be_advised_is_told_with_why_and_not_suggested(whole: ScoredBook) -> None:
    for measure, target, why in (
        ("capital", 160.0, "what the model says of this lever is association only"),
        ("pd", 17.4, "it lies to the side that the contract calls adverse"),
    ):
        choices: Choices = {"_seek_lever": "limits", "_seek_measure": measure, f"_seek_target_{measure}": target}
        said = book_briefing(result_of(whole), choices, model=OURS)
        (answer, *_) = (each for each in items(said, "_seek", **choices) if isinstance(each, Finding) and each.text)
        assert answer.text[0].endswith(f", which is no advice: {why}.")
        assert answer.suggestion is None


def test_a_goal_that_holds_already_or_is_out_of_reach_suggests_nothing(whole: ScoredBook) -> None:
    result = result_of(whole)
    for target, told in ((5000.0, "holds already"), (1.0, "is out of reach")):
        choices: Choices = {"_seek_lever": "balances", "_seek_target_loss": target}
        (answer, *_) = (
            each
            for each in items(book_briefing(result, choices, model=OURS), "_seek", **choices)
            if isinstance(each, Finding) and each.text
        )
        assert told in answer.text[0]
        assert answer.suggestion is None


@pytest.mark.parametrize(
    ("measure", "label", "start"),
    [
        ("loss", "At most (NT$ m)", 550.0),
        ("loss_bps", "At most (bp)", 1700.0),
        ("exposure", "At most (NT$ m)", 4000.0),
        ("return_on_capital", "At least (%)", None),
        ("margin", "At least (NT$ m)", None),
    ],
)
def test_a_target_begins_at_the_limit_in_the_unit_of_its_field(
    result: BookResult, measure: str, label: str, start: float | None
) -> None:
    own = next(each for each in CONTRACT.measures if each == measure)
    choice = target_choice(result, own)
    limit, _ = words.limit_of(CONTRACT, result.scenario, own)
    factor = {"%": 0.01, "bp": 1.0}.get(label.split("(")[1].rstrip(")"), 1e6)
    assert (choice.key, choice.label) == (f"_seek_target_{measure}", label)
    assert choice.default == (start if start is not None else pytest.approx(limit / factor))


def test_a_target_without_a_limit_begins_at_a_round_number_below_what_the_book_shows(scorer: TableScorer) -> None:
    bare = bare_of(scorer, appetite=())
    choice = target_choice(bare, "loss")
    assert 0.9 < choice.default / (bare.base.loss / 1e6) < 1
    assert choice.number({"_seek_target_loss": "480.5"}) == 480.5


def test_reverse_stress_asks_for_something_to_scale_and_a_limit(scorer: TableScorer, whole: ScoredBook) -> None:
    calm = book_briefing(result_of(whole), {}, model=OURS)
    assert any(
        "Assume something." in each.text[0] for each in items(calm, "_seek") if isinstance(each, Finding) and each.text
    )
    bare = book_briefing(bare_of(scorer, appetite=()), {}, model=OURS)
    last = items(bare, "_seek")[-1]
    assert isinstance(last, Finding)
    assert last.text == ("The contract sets no limit.",)


def test_reactions_by_input_sum_to_those_by_concept(said: Briefing, result: BookResult) -> None:
    found = finding(said, "_reactions")
    assert found.table is not None
    assert found.chart is not None
    amounts = column(found.table, "Change of expected loss")
    assert len(amounts) == len(CONTRACT.inputs)
    drawn = found.chart["data"][0]["x"]
    assert sum(drawn) == pytest.approx(sum(amounts) / 1e6, abs=1)


def test_reactions_are_not_told_of_a_model_whose_tables_are_not_known(result: BookResult) -> None:
    own = replace(result)
    hidden = type("Opaque", (), {"__getattr__": lambda _, name: getattr(result.whole, name), "tables": None})()
    object.__setattr__(own, "whole", hidden)
    (found,) = items(book_briefing(own, {}, model=FOREIGN), "_reactions")
    assert isinstance(found, Notice)
    assert "how its inputs enter them" in found.text


def test_migration_sums_to_the_book_with_its_rows(said: Briefing) -> None:
    found = table(said, "_migration")
    counts = np.array([row[1:] for row in found.exact], int)
    assert (counts[:, :-1].sum(1) == counts[:, -1]).all()
    assert counts[:, -1].sum() == 30_000


@pytest.mark.parametrize("segment", [each.name for each in CONTRACT.segments])
def test_segments_sum_to_the_book_exactly_and_as_shown(said: Briefing, result: BookResult, segment: str) -> None:
    found = table(said, "_cells", _cells_by=segment)
    assert column(found, "Customers")[-1] == sum(column(found, "Customers")[:-1]) == 30_000
    for name, total in (("Exposure", result.now.exposure), ("Loss now", result.now.loss), ("Loss before", None)):
        *parts, whole = column(found, name)
        assert sum(parts) == pytest.approx(whole)
        assert total is None or whole == pytest.approx(total)
        *parts, whole = column(found, name, shown=True)
        assert sum(parts) == whole == round(column(found, name)[-1])
    shown = [column(found, name, shown=True) for name in ("Loss before", "Loss now", "Change of loss")]
    assert [now - was for was, now in zip(*shown[:2], strict=True)] == shown[2]
    assert column(found, "PD now")[-1] == pytest.approx(100 * result.now.pd)


def test_each_segment_of_the_table_can_be_looked_into_and_the_book_below_them_cannot(said: Briefing) -> None:
    found = finding(said, "_cells", _cells_by="status_band")
    assert found.table is not None
    assert [pick.label for pick in found.picks] == [row[0] for row in found.table.exact[:-1]]
    assert {pick.name for pick in found.picks} == {"within"}
    assert [pick.value for pick in found.picks] == [f"status_band:{k}" for k in range(5)]


def test_segments_of_a_guaranteed_book_hold_the_net_loss(loans: Briefing) -> None:
    found = table(loans, "_cells")
    assert [each.heading for each in found.columns[-2:]] == ["Net loss before, US$", "Net loss now, US$"]
    *parts, total = column(found, "Net loss now", shown=True)
    assert sum(parts) == total


def test_a_segment_called_like_a_column_stays_a_column_of_its_own(scorer: TableScorer) -> None:
    named = CONTRACT.segments[0].model_copy(update={"label": "Exposure"})
    said = book_briefing(bare_of(scorer, segments=(named, *CONTRACT.segments[1:])), {}, model=OURS)
    heads = [each.name for each in table(said, "_cells").columns]
    assert len(set(heads)) == len(heads)
    assert heads[0].strip(NBSP) == "Exposure"


def test_movers_are_the_largest_changes_each_with_its_link(said: Briefing, result: BookResult) -> None:
    found = finding(said, "_movers")
    assert found.table is not None
    base, now = result.rows
    change = now.loss - base.loss
    largest = np.argsort(-np.abs(change), kind="stable")[:10]
    assert [row[0] for row in found.table.exact] == result.whole.ids[largest].tolist()
    assert column(found.table, "Change of loss", "file") == pytest.approx(change[largest].tolist())
    assert column(found.table, "PD now", "file") == pytest.approx((100 * now.pd[largest]).tolist())
    assert [each.query["customer"] for each in found.links] == [str(row[0]) for row in found.table.exact]
    assert all(text[0] in f"+{MINUS}" for text in texts(found.table, "Change"))
    heads = [found.table.columns[k].heading for k in found.table.places("file")]
    assert heads == [
        "Customer",
        "PD before, %",
        "PD now, %",
        *(f"{name}, NT$" for name in ("Exposure now", "Loss before", "Loss now", "Change of loss")),
    ]


def test_movers_of_one_band_lie_in_it_and_of_nobody_there_is_a_sentence(whole: ScoredBook, said: Briefing) -> None:
    (among,) = panel(said, "_movers").choices
    assert dict(among.options)["limit_band:0"] == f"Credit limit: below NT${NBSP}50,000"
    limits = [
        BOOK.raw[0, BOOK.position(int(str(row[0])))]
        for row in table(said, "_movers", _movers_band="limit_band:0").exact
    ]
    assert len(limits) == 10
    assert max(limits) < 50_000
    calm = finding(book_briefing(result_of(whole), {}, model=OURS), "_movers")
    assert (calm.text, calm.table) == (("No customer's expected loss changed.",), None)


def test_weighted_scenarios_weigh_losses(said: Briefing, whole: ScoredBook) -> None:
    found = finding(said, "_weighted")
    calm, stressed_ = totals(whole, balances=20).loss, totals(whole, preset=FED, balances=20).loss
    assert found.table is not None
    assert column(found.table, "Expected loss") == pytest.approx([calm, stressed_, 0.7 * calm + 0.3 * stressed_])
    assert column(found.table, "Weight") == [0.7, 0.3, 1.0]
    assert f"NT${NBSP}{(0.7 * calm + 0.3 * stressed_) / 1e6:,.0f}{NBSP}m" in found.headline


def test_weights_that_do_not_sum_to_one_are_told_and_none_are_asked_for(whole: ScoredBook) -> None:
    (notice,) = items(book_briefing(result_of(whole, weight_as_is=30.0), {}, model=OURS), "_weighted")
    assert isinstance(notice, Notice)
    assert (notice.level, "they sum to 30 %" in notice.text) == ("warning", True)
    assert finding(book_briefing(result_of(whole), {}, model=OURS), "_weighted").text == (
        "Give at least one scenario a weight.",
    )


def test_every_number_is_shown_as_above_and_exact_in_its_file(said: Briefing, result: BookResult) -> None:
    found = table(said, "_numbers")
    k = texts(found, "Measure").index("Expected loss")
    above = tile(said, "Expected loss")
    shown = [texts(found, name)[k] for name in ("As the book stands", "Scenario", "Difference", "Limit", "Verdict")]
    assert shown == [above.was, above.value, above.change, above.limit, "exceeded"]
    heads = [found.columns[k].heading for k in found.places("file")]
    row = dict(zip(heads, (found.exact[k][place] for place in found.places("file")), strict=True))
    assert row == {
        "Measure": "Expected loss",
        "Horizon": "one month",
        "Unit": "NT$",
        "As the book stands": result.base.loss,
        "Scenario": result.now.loss,
        "Difference": result.now.loss - result.base.loss,
        "Limit": 550e6,
        "Verdict": "exceeded",
    }
    assert texts(found, "Measure")[0] == "Customers"
    assert "PD of the average customer" in texts(found, "Measure")


def test_a_path_is_drawn_where_one_is_published_and_its_source_always_told(whole: ScoredBook, said: Briefing) -> None:
    losses, fed = (each for each in items(said, "_path") if isinstance(each, Finding))
    assert (losses.key, fed.key) == ("path_losses", "path")
    assert fed.chart is not None
    assert fed.table is not None
    assert fed.table.columns[0].name == "Period"
    assert "Confidence in the transcription: high" in fed.note
    (boe,) = items(book_briefing(result_of(whole, preset="boe_2025_bcst"), {}, model=OURS), "_path")
    assert isinstance(boe, Finding)
    assert (boe.key, boe.chart, boe.table) == ("path", None, None)
    assert boe.note.startswith("The source publishes peaks only, no path.\n\nSource: ")


def test_the_loss_along_a_path_is_the_page_s_at_its_point_and_has_the_limit(
    said: Briefing, result: BookResult, whole: ScoredBook
) -> None:
    found = finding(said, "_path")
    assert found.table is not None
    assert found.chart is not None
    heads = [each.name for each in found.table.columns]
    points, losses, verdicts = (
        [row[heads.index(name)] for row in found.table.exact] for name in ("Point", "Expected loss", "Verdict")
    )
    assert (len(points), points[0], points[6]) == (13, "Q1 2026", "Q3 2027")
    assert losses[6] == pytest.approx(result.now.loss)
    assert losses[0] == pytest.approx(totals(whole, preset=FED, balances=20, point="2026Q1").loss)
    assert verdicts == ["does not hold" if float(each or 0) > 550e6 else "holds" for each in losses]
    assert found.headline == (
        f"Expected loss is highest at Q3 2027, {tile(said, 'Expected loss').value}; "
        f"above the limit of {tile(said, 'Expected loss').limit} all along"
    )
    line, marked = found.chart["data"]
    assert (marked["x"], marked["text"]) == (["Q3 2027"], [tile(said, "Expected loss").value])
    base, limit = (each["y0"] for each in found.chart["layout"]["shapes"])
    assert (limit, base) == (550.0, pytest.approx(result.base.loss / 1e6))
    assert line["y"][6] == marked["y"][0] == pytest.approx(result.now.loss / 1e6)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (600e6, "; within the limit of NT$ 600 m all along"),
        (500e6, "; above the limit of NT$ 500 m from Q2 2026 to Q1 2029"),
    ],
)
def test_where_along_a_path_the_limit_does_not_hold_is_told(whole: ScoredBook, limit: float, told: str) -> None:
    result = result_of(whole, preset=FED, severity=50, limit_loss=limit)
    found = finding(book_briefing(result, {}, model=OURS), "_path")
    assert found.headline.replace(NBSP, " ").endswith(told)
    assert found.table is not None
    assert found.table.columns[1].name == "Change of unemployment, pp"
    assert found.table.exact[6][1] == 2.75  # half of 5.5


def test_a_path_that_moves_nothing_and_a_book_without_limits_are_told_so(scorer: TableScorer) -> None:
    still = tuple(each.model_copy(update={"coefficient": 0.0}) for each in CONTRACT.economy)
    contract = CONTRACT.model_copy(update={"appetite": (), "economy": still})
    bare = result_of(ScoredBook(replace(scorer, contract=contract), BOOK.raw, BOOK.ids), preset=FED)
    found = finding(book_briefing(bare, {}, model=OURS), "_path")
    assert found.headline.endswith(" all along the path")
    assert found.table is not None
    assert found.table.columns[-1].name == "Against the book as it stands"


@pytest.mark.parametrize("key", PANELS)
def test_every_table_tells_its_columns_apart_and_every_chart_is_plain_data(said: Briefing, key: str) -> None:
    for found in items(said, key):
        if isinstance(found, Finding) and found.table is not None:
            for place in ("screen", "file"):
                heads = [found.table.columns[k].heading for k in found.table.places(place)]  # type: ignore[arg-type]
                assert len(set(heads)) == len(heads)
            assert found.table.exact
        if isinstance(found, Finding) and found.chart is not None:
            assert json.dumps(found.chart)
            assert found.alt
