"""The regulators' stress presets: what ships, what each point says, what is refused."""

import hashlib
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.errors import BookError
from data.regulators.derive import derive_presets, main
from data.regulators.presets import SHIPPED, Preset, preset, presets, read_presets

NAMES = [
    "fed_2026_severely_adverse",
    "fed_2026_baseline",
    "fed_2025_severely_adverse",
    "eba_2025_adverse_eu",
    "boe_2025_bcst",
]
FED = NAMES[:3]

Source = dict[str, dict[str, Any]]
Change = Callable[[list[dict[str, Any]]], object]


def fed(source: str, start: float | None, unemployment: list[float], growth: list[float]) -> dict[str, Any]:
    entry = {
        "source": source,
        "confidence": "high",
        "kind": "quarterly path",
        "quarters": ["2031Q1", "2031Q2", "2031Q3"],
        "unemployment": unemployment,
        "real_gdp_growth_saar": growth,
        "treasury_3m": [2.5, 0.1, 0.2],
    }
    return entry if start is None else {**entry, "start": {"quarter": "2030Q4", "unemployment": start}}


@pytest.fixture
def source() -> Source:
    """A transcription of three quarters, with one scenario more than ships."""
    return {
        "fed_2026_severely_adverse": fed("Fed, adverse (4 February 2026)", 4.5, [5.9, 7.2, 7.1], [-5.4, -4.9, 0.0]),
        "fed_2026_baseline": fed("Fed, baseline (4 February 2026)", None, [4.4, 4.6, 4.6], [1.0, 1.0, 1.0]),
        "fed_2025_severely_adverse": fed("Fed, adverse (5 February 2025)", 4.1, [5.6, 6.8, 8.1], [-8.9, -6.7, -8.0]),
        "eba_2025_adverse_eu": {
            "source": "EBA, adverse (20 January 2025, corrigendum 28 February 2025)",
            "confidence": "medium",
            "kind": "yearly path",
            "years": [2031, 2032],
            "gdp_growth": [-2.0, -4.0],
            "hicp": [5.0, 3.5],
            "gdp_cumulative": -6.0,
            "gdp_gap_to_baseline_pp": -9.5,
            "unemployment_change_pp_end": 5.0,
        },
        "boe_2025_bcst": {
            "source": "BoE, key elements (24 March 2025)",
            "confidence": "high",
            "kind": "peaks only",
            "gdp_fall": -4.0,
            "world_gdp_fall": -1.0,
            "world_trade": -10.0,
            "unemployment_peak": 7.4,
            "cpi_peak": 9.0,
            "bank_rate_peak": 7.5,
            "hpi": -20.0,
        },
        "boe_2022_acs": {"source": "BoE", "confidence": "low", "kind": "peaks only"},
    }


@pytest.fixture
def altered(tmp_path: Path) -> Callable[[Change], Path]:
    """The shipped file after a change."""

    def alter(change: Change) -> Path:
        content = json.loads(SHIPPED.read_text(encoding="utf-8"))
        change(content)
        path = tmp_path / "presets.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return alter


# ---- what ships ------------------------------------------------------------------------------------------------


def test_presets_are_offered_in_their_order():
    assert [each.name for each in presets()] == NAMES


def test_presets_are_read_once():
    assert presets() is presets()
    assert preset("boe_2025_bcst") is presets()[4]


def test_phrase_of_a_preset_stands_in_a_sentence_after_under():
    assert f"Under {preset('fed_2026_severely_adverse').phrase}," == "Under the Fed's 2026 severely adverse scenario,"
    assert all(each.phrase.startswith("the ") for each in presets())


def test_source_of_a_preset_is_plain_text_that_names_its_day():
    assert preset("boe_2025_bcst").source == (
        "Bank of England, 2025 bank capital stress test, key elements (24 March 2025)"
    )
    assert not [each.name for each in presets() if "http" in each.source]
    assert [each.published for each in presets()] == [
        "2026-02-04",
        "2026-02-04",
        "2025-02-05",
        "2025-01-20",  # the first publication, not the corrigendum
        "2025-03-24",
    ]


def test_nothing_of_low_confidence_ships_and_what_was_transcribed_second_hand_is_marked_medium():
    assert {each.name: each.confidence for each in presets() if each.confidence != "high"} == {
        "eba_2025_adverse_eu": "medium"
    }


def test_lines_are_labelled_in_business_words_with_their_unit():
    lines = {line.name: line for line in preset("fed_2026_severely_adverse").lines}
    assert (lines["unemployment"].label, lines["unemployment"].unit) == ("Unemployment", "%")
    assert (lines["hpi"].label, lines["hpi"].unit) == ("House price index", "index")
    assert (lines["treasury_3m"].label, lines["treasury_3m"].unit) == ("3-month Treasury rate", "%")
    assert not [line.label for each in presets() for line in each.lines if "_" in line.label]


def test_lines_hold_levels_as_published():
    unemployment = preset("fed_2026_severely_adverse").lines[0].values
    assert unemployment[:2] == (5.9, 7.2)
    assert max(unemployment) == 10.0


# ---- points ----------------------------------------------------------------------------------------------------


def test_fed_2026_peaks_in_the_third_quarter_of_2027_at_five_and_a_half_points():
    severe = preset("fed_2026_severely_adverse")
    assert severe.peak == "2027Q3"
    peak = severe.point(severe.peak)
    assert peak.label == "Q3 2027"
    assert peak.changes["unemployment"] == 5.5
    assert 0.5 * peak.changes["unemployment"] == 2.75


def test_fed_2025_peaks_against_its_own_start():
    severe = preset("fed_2025_severely_adverse")
    assert (severe.peak, severe.point("2026Q3").changes["unemployment"]) == ("2026Q3", 5.9)


def test_baseline_hardly_moves_unemployment_and_its_peak_is_the_first_of_equals():
    baseline = preset("fed_2026_baseline")
    assert (baseline.peak, baseline.point(baseline.peak).changes["unemployment"]) == ("2026Q1", 0.1)
    assert baseline.point("2029Q1").changes["unemployment"] == -0.3


def test_baseline_says_where_its_start_comes_from():
    assert any("start is that of the severely adverse scenario" in note for note in preset("fed_2026_baseline").notes)


@pytest.mark.parametrize("name", FED)
def test_quarterly_path_has_a_point_for_each_quarter(name: str):
    fed = preset(name)
    assert tuple(point.name for point in fed.points) == fed.periods
    assert len(fed.periods) == 13


@pytest.mark.parametrize("name", FED)
def test_quarterly_path_marks_both_changes_derived(name: str):
    assert {point.derived for point in preset(name).points} == {("unemployment", "gdp")}


def test_gdp_growth_at_annual_rates_is_cumulated_to_a_change_of_the_level():
    first, second = preset("fed_2026_severely_adverse").points[:2]
    # 0.946^¼ = 0.98622; 0.951^¼ = 0.98752; their product 0.97391
    assert first.changes["gdp"] == -1.38
    assert second.changes["gdp"] == -2.61


def test_eba_holds_one_point_as_published():
    eba = preset("eba_2025_adverse_eu")
    (point,) = eba.points
    assert (point.name, point.label, eba.peak) == ("2027", "end of 2027", "2027")
    assert point.changes == {"unemployment": 6.1, "gdp": -6.3}
    assert point.derived == ()
    assert [line.name for line in eba.lines] == ["gdp_growth", "hicp"]


def test_eba_tells_the_gap_to_the_baseline_from_the_change():
    assert any("−10.4 pp" in note and "gap to the baseline" in note for note in preset("eba_2025_adverse_eu").notes)


def test_bank_of_england_holds_a_peak_and_no_path():
    boe = preset("boe_2025_bcst")
    assert (boe.kind, boe.periods, boe.lines) == ("peaks only", (), ())
    assert boe.point("peak").changes == {"unemployment": 4.1, "gdp": -5.0}
    assert boe.point("peak").derived == ("unemployment",)
    assert any("less 4.4 %" in note and "derived" in note for note in boe.notes)


def test_rates_fall_along_the_feds_path_and_peak_in_the_bank_of_englands():
    for name in FED:
        bill = next(line.values for line in preset(name).lines if line.name == "treasury_3m")
        assert bill[-1] < bill[0]
        assert any("3-month Treasury rate moves by −" in note for note in preset(name).notes)
    assert "Bank Rate peaks at 8.0 %." in preset("boe_2025_bcst").notes


def test_falls_are_told_with_a_true_minus():
    assert "House prices −28 %." in preset("boe_2025_bcst").notes
    assert not [note for each in presets() for note in each.notes if " -" in note]


# ---- what is refused ---------------------------------------------------------------------------------------------


def test_unknown_preset_is_told_with_the_presets_there_are():
    with pytest.raises(
        BookError, match=r"no stress preset 'fed_2024'\. There are: fed_2026_severely_adverse, .*bcst\."
    ):
        preset("fed_2024")


def test_unknown_point_is_told_with_the_points_there_are():
    with pytest.raises(BookError, match=r"Fed 2026, baseline has no point '2030Q1'\. There are: 2026Q1, .*2029Q1\."):
        preset("fed_2026_baseline").point("2030Q1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda all_: all_[0]["lines"][0]["values"].pop(), "unemployment has 12 values for 13 periods"),
        (lambda all_: all_[0].update(peak="2031Q1"), "the peak '2031Q1' is none of the points"),
        (lambda all_: all_[0].update(peak="2026Q1"), "the peak is 2026Q1, but unemployment is highest at 2027Q3"),
        (lambda all_: all_[0].update(confidence="low"), "confidence: Input should be 'high' or 'medium'"),
        (lambda all_: all_[4]["points"][0]["changes"].update(unemployment=float("nan")), "unemployment: .* finite"),
        (lambda all_: all_[4]["points"][0]["changes"].pop("unemployment"), "states no change of unemployment"),
        (lambda all_: all_[3]["points"][0].update(derived=["gdp"], changes={"unemployment": 1}), "derives gdp but"),
        (lambda all_: all_[3]["points"][0]["changes"].update(oil=1), "changes oil; known are unemployment, gdp"),
        (lambda all_: all_[3]["points"].append(all_[3]["points"][0]), "points 2027, 2027 are not unique"),
        (lambda all_: all_.append(all_[4]), "preset boe_2025_bcst is declared twice"),
    ],
)
def test_file_that_contradicts_itself_is_refused(altered: Callable[[Change], Path], change: Change, message: str):
    path = altered(change)
    with pytest.raises(BookError, match=message):
        read_presets(path)


def test_change_that_a_source_does_not_state_may_be_absent(altered: Callable[[Change], Path]):
    path = altered(lambda all_: all_[4]["points"][0]["changes"].pop("gdp"))
    assert read_presets(path)[4].points[0].changes == {"unemployment": 4.1}


def test_absent_file_is_told(tmp_path: Path):
    with pytest.raises(BookError, match=r"stress presets none\.json cannot be read"):
        read_presets(tmp_path / "none.json")


def test_file_that_is_no_json_is_refused(tmp_path: Path):
    path = tmp_path / "presets.json"
    path.write_text("unemployment 10 %")
    with pytest.raises(BookError, match=r"presets\.json: Invalid JSON"):
        read_presets(path)


# ---- derivation ------------------------------------------------------------------------------------------------


def test_derivation_writes_what_the_reader_reads(source: Source, tmp_path: Path):
    given, made = tmp_path / "source.json", tmp_path / "presets.json"
    given.write_text(json.dumps({"_note": "as published", **source}), encoding="utf-8")
    main(str(given), str(made))
    severe, baseline, older, eba, boe = read_presets(made)
    assert (severe.peak, severe.point("2031Q2").changes) == ("2031Q2", {"unemployment": 2.7, "gdp": -2.61})
    assert (baseline.peak, baseline.points[0].changes["unemployment"]) == ("2031Q2", -0.1)
    assert older.point("2031Q3").changes["unemployment"] == 4.0
    assert (eba.peak, eba.points[0].changes) == ("2032", {"unemployment": 5.0, "gdp": -6.0})
    assert boe.points[0].changes == {"unemployment": 3.0, "gdp": -4.0}


def test_shipped_file_is_what_the_derivation_makes_of_the_published_figures(tmp_path: Path):
    published: Source = {each.name: as_published(each) for each in presets()}
    published["fed_2026_severely_adverse"]["start"] = {"quarter": "2025Q4", "unemployment": 4.5}
    published["fed_2025_severely_adverse"]["start"] = {"quarter": "2024Q4", "unemployment": 4.1}
    published["eba_2025_adverse_eu"] |= {
        "unemployment_change_pp_end": 6.1,
        "gdp_cumulative": -6.3,
        "gdp_gap_to_baseline_pp": -10.4,
    }
    published["boe_2025_bcst"] |= {
        "gdp_fall": -5.0,
        "world_gdp_fall": -2.0,
        "world_trade": -20.0,
        "unemployment_peak": 8.5,
        "cpi_peak": 10.0,
        "bank_rate_peak": 8.0,
        "hpi": -28.0,
    }
    given, made = tmp_path / "source.json", tmp_path / "presets.json"
    given.write_text(json.dumps(published), encoding="utf-8")
    main(str(given), str(made))
    assert made.read_bytes() == SHIPPED.read_bytes()


def as_published(each: Preset) -> dict[str, Any]:
    """What a preset repeats of its publication unchanged."""
    periods = {"quarters": each.periods, "years": [int(period[:4]) for period in each.periods]}
    lines = {line.name: line.values for line in each.lines}
    return {"source": each.source, "confidence": each.confidence, "kind": each.kind, **periods, **lines}


def test_derivation_cumulates_growth_over_a_year_to_a_year_of_growth(source: Source):
    for name in FED:
        source[name] |= {
            "quarters": ["2031Q1", "2031Q2", "2031Q3", "2031Q4"],
            "unemployment": [5.0] * 4,
            "real_gdp_growth_saar": [-4.0] * 4,
            "treasury_3m": [1.0] * 4,
        }
    assert derive_presets(source)[0].points[-1].changes["gdp"] == -4.0


@pytest.mark.parametrize("confidence", ["low", "unresolved", None])
def test_derivation_refuses_what_is_not_of_high_or_medium_confidence(source: Source, confidence: str | None):
    source["boe_2025_bcst"]["confidence"] = confidence
    with pytest.raises(ValueError, match="Only confidence high or medium ships; boe_2025_bcst has"):
        derive_presets(source)


def test_derivation_names_the_scenarios_a_source_lacks(source: Source):
    del source["fed_2026_baseline"], source["boe_2025_bcst"]
    with pytest.raises(ValueError, match="lacks the scenarios fed_2026_baseline, boe_2025_bcst"):
        derive_presets(source)


def test_derivation_refuses_a_path_shorter_than_its_quarters(source: Source):
    source["fed_2026_baseline"]["unemployment"].pop()
    with pytest.raises(ValueError, match="shorter"):
        derive_presets(source)


def test_derivation_refuses_a_source_without_its_day(source: Source):
    source["boe_2025_bcst"]["source"] = "Bank of England"
    with pytest.raises(ValueError, match="names no day of publication"):
        derive_presets(source)


# ---- provenance ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provenance() -> dict[str, Any]:
    return tomllib.loads((SHIPPED.parent / "provenance.toml").read_text(encoding="utf-8"))


def test_presets_have_the_checksum_their_provenance_states(provenance: dict[str, Any]):
    assert hashlib.sha256(SHIPPED.read_bytes()).hexdigest() == provenance["sha256"]


def test_provenance_names_each_preset_with_the_confidence_it_ships_with(provenance: dict[str, Any]):
    assert [(each["name"], each["confidence"]) for each in provenance["shipped"]] == [
        (each.name, each.confidence) for each in presets()
    ]
    for entry, each in zip(provenance["shipped"], presets(), strict=True):
        assert entry["reference"] in each.source


def test_provenance_says_what_was_left_out_and_why(provenance: dict[str, Any]):
    reasons = {each["name"]: each["reason"] for each in provenance["left_out"]}
    assert set(reasons) == {"eba_2025_baseline_eu", "boe_2022_acs"}
    assert "no unemployment" in reasons["eba_2025_baseline_eu"]
