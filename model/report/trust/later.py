"""How the model held in later years: two releases side by side, another intercept, losses realised, other windows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from data.errors import WhatIfError
from data.json_types import Json
from model.monitoring.realised import RealisedRate
from model.release.window import Window
from model.report.briefing import FRACTION, Cell, Choice, Choices, Column, Finding, Item, Notice, Table
from model.report.language import observed_rate, outcome_word
from model.report.release import words as release_words
from model.report.trust import charts, words
from model.report.trust.bands import band_table
from model.validation.backtests import RecalibrationBacktest, Sides
from model.validation.result import Losses, TrustResult
from model.validation.validation import BandMetrics
from model.validation.view import vintages_of

RELEASES = Finding("releases", "Two releases side by side, by vintage")
SHIFTS = Finding("shifts", "Recalibrate by intercept: the ranking stays, every probability moves")
WINDOWS = Finding("windows", "Train a release on another window")


def _no_pair(other: str) -> tuple[Sides, Window]:
    raise WhatIfError(f"Release {other} cannot be read here. Choose another one to compare with.")


@dataclass(frozen=True, eq=False)
class OtherEvidence:
    """Releases that the one looked at can be held against: ``labels`` by id, the first one shown first, and what puts
    one beside it, with the window that it was fitted to."""

    labels: Mapping[str, str] = field(default_factory=dict)
    pair: Callable[[str], tuple[Sides, Window]] = _no_pair


def release_labels(manifests: Mapping[str, Mapping[str, Json]], aliases: Mapping[str, str]) -> dict[str, str]:
    """Releases to choose from, by id: a challenger first, then the youngest."""
    first = aliases.get("challenger", "")
    youngest = list(manifests)[::-1]
    order = sorted(youngest, key=lambda each: each != first)
    return {each: words.release_label(each, manifests[each], aliases) for each in order}


def later_items(result: TrustResult, others: OtherEvidence, choices: Choices) -> tuple[Item, ...]:
    """All of it."""
    shifts = shift_items(result, choices)
    headed = (SHIFTS, *shifts) if shifts else ()
    return (RELEASES, *side_items(result, others, choices), *headed, *loss_items(result))


# ---- two releases -------------------------------------------------------------------------------------------------


def against_choice(others: OtherEvidence) -> Choice:
    """The release to compare with."""
    return Choice("against", "Against", tuple(others.labels.items()), next(iter(others.labels), ""))


def side_items(result: TrustResult, others: OtherEvidence, choices: Choices) -> tuple[Item, ...]:
    """The release beside another one that was trained on the same data; where there is none, by itself."""
    if not others.labels:
        return (by_itself(result),)
    other = against_choice(others).of(choices)
    try:
        both, window = others.pair(other)
    except WhatIfError as error:
        return (Notice(str(error), "warning"),)
    assert result.release is not None
    names = (f"release {result.release.id[:6]}", f"release {other[:6]}")
    windows = (result.proof.window or Window(), window)
    own = release_words.window(result.release.manifest)
    return (
        Finding(
            "sides",
            words.sides_headline(both, names),
            chart=charts.sides(both, windows, names),
            alt=charts.sides_in_words(both, names),
            shows=f"{observed_rate(result.proof.contract)}, %, by vintage",
            table=side_table(both, names),
            note=words.sides_note(names[0], own, others.labels[other]),
            shape="whole",
        ),
    )


def by_itself(result: TrustResult) -> Finding:
    """The release by vintage, where there is no other."""
    rows = result.proof.by_vintage()
    table = band_table(result.proof, rows, key="trust-vintages", label="Vintage", by_year=True)
    return Finding("by_itself", table=table, text=(words.NO_OTHER,), shape="whole")


def side_table(both: Sides, names: tuple[str, str]) -> Table:
    """Two releases by vintage."""
    columns = [Column("Vintage"), Column("n", digits=0), Column("Observed", place="screen")]
    columns += [Column(f"{what}, {name}", place="screen") for name in names for what in words.SIDES]
    columns += [Column(f"Observed{end}", FRACTION, place="file") for end in ("", ", low", ", high")]
    columns += [Column(f"{what}, {name}", unit, place="file") for name in names for what, unit in words.SIDE_FIGURES]
    rows = list[tuple[Cell, ...]]()
    for each in both.rows:
        seen = each.either.observed
        pair = (each.champion, each.challenger)
        texts = [text for own in pair for text in words.side_texts(own)]
        figures = [value for own in pair for value in _side_figures(own)]
        read: tuple[Cell, ...] = (each.vintage, each.either.n, words.rate(seen), *texts)
        rows.append((*read, seen.value, seen.low, seen.high, *figures))
    return Table("trust-two-releases", "Two releases by vintage", tuple(columns), tuple(rows))


def _side_figures(own: BandMetrics | None) -> tuple[Cell, ...]:
    return (None,) * 4 if own is None else (own.predicted, own.auc.value, own.auc.low, own.auc.high)


# ---- another intercept --------------------------------------------------------------------------------------------


def shift_choice(result: TrustResult) -> Choice:
    """The year to whose outcomes the intercept is shifted, the first after the training if no other is chosen; nothing
    to choose where no year has a later one."""
    years = [f"{each:.0f}" for each in result.proof.years[:-1]]
    until = None if result.proof.window is None else result.proof.window.until
    after = [each for each in years if until is not None and int(each) > until]
    options = tuple((each, each) for each in years if result.release is not None)
    default = (after or years[-1:] or [""])[0]
    return Choice("shift", "Shift to what was observed in", options, default)


def shift_items(result: TrustResult, choices: Choices) -> tuple[Item, ...]:
    """What a shift of the intercept to one year would have made of those after it."""
    choice = shift_choice(result)
    if not choice.options:
        return ()
    shifted = result.recalibration(float(choice.of(choices)))
    return (
        Finding("recalibrated", words.recalibration_headline(shifted)),
        Finding(
            "recalibration",
            chart=charts.recalibration(shifted),
            alt=charts.recalibration_in_words(shifted),
            shows=f"{observed_rate(result.proof.contract)}, %, by vintage: observed, predicted as released, predicted "
            "with the intercept shifted",
            half=True,
        ),
        Finding("shifted", table=shift_table(shifted), note=words.SHIFT_NOTE, half=True),
    )


def shift_table(shifted: RecalibrationBacktest) -> Table:
    """The later vintages before and after the shift."""
    columns = (
        Column("Vintage"),
        Column("n", digits=0),
        *(Column(name, place="screen") for name in ("Observed", "As released", "Shifted")),
        *(Column(name, FRACTION, place="file") for name in ("Observed", "Observed, low", "Observed, high")),
        *(Column(name, FRACTION, place="file") for name in ("Predicted as released", "Predicted as shifted")),
    )
    rows = tuple(
        (
            *(f"{each.vintage:.0f}", each.n),
            *(words.rate(each.observed), words.share(each.before), words.share(each.after)),
            *(each.observed.value, each.observed.low, each.observed.high, each.before, each.after),
        )
        for each in shifted.later
    )
    return Table("trust-recalibration", "Later vintages before and after the shift", columns, rows)


# ---- losses -------------------------------------------------------------------------------------------------------


def loss_items(result: TrustResult) -> tuple[Item, ...]:
    """What was lost of what was owed, by vintage, gross and net of the guarantee; nothing where it is not known."""
    known, contract = result.losses, result.proof.contract
    if known is None:
        return ()
    rows, whole = known
    return (
        Finding(
            "realised",
            words.realised_headline(contract, rows, whole),
            chart=charts.realised_chart(rows, contract.guaranteed),
            alt=words.realised_in_words(rows),
            shows="Realised loss given default, %, by vintage",
            table=loss_table(result, known),
            note=words.realised_note(contract),
            shape="whole",
        ),
    )


def loss_table(result: TrustResult, known: Losses) -> Table:
    """Realised loss given default by vintage, and in all."""
    contract = result.proof.contract
    named = [*((f"{year:.0f}", each) for year, each in known[0]), ("All", known[1])]
    net = contract.guaranteed
    columns = (
        Column("Vintage"),
        Column(outcome_word(contract, True).capitalize(), digits=0),
        *(Column(name, place="screen") for name in words.loss_texts(contract, known[1])),
        *(Column(name, contract.book.currency, place="file") for name in ("Owed", "Lost", *(("Own loss",) * net))),
        *(Column(f"Lost of it{end}", FRACTION, place="file") for end in ("", ", low", ", high")),
        *(Column(f"Own share{end}", FRACTION, place="file") for end in ("", ", low", ", high") if net),
    )
    rows = tuple(
        (name, each.n, *words.loss_texts(contract, each).values(), *_loss_figures(each, net)) for name, each in named
    )
    return Table("trust-realised-losses", "Realised loss given default by vintage", columns, rows)


def _loss_figures(each: RealisedRate, net: bool) -> tuple[Cell, ...]:
    own: tuple[Cell, ...] = (each.own_loss,) if net else ()
    ends = [each.gross, *([each.net] if net else [])]
    return (each.ead, each.loss, *own, *(value for part in ends for value in (part.value, part.low, part.high)))


# ---- another window -----------------------------------------------------------------------------------------------


def window_choices(result: TrustResult) -> tuple[Choice, ...]:
    """The first and the last vintage that a release is fitted to; the release's own ones where none are chosen."""
    years = vintages_of(result.proof.book)
    if result.release is None or not years:
        return ()
    own, options = result.release.window, tuple((f"{each}", f"{each}") for each in years)
    return (
        Choice("since", "Fit to vintages from", options, f"{_known(own.since, years, years[0])}"),
        Choice("until", "to", options, f"{_known(own.until, years, years[-1])}"),
    )


def _known(year: int | None, years: Sequence[int], default: int) -> int:
    return default if year is None or year not in years else year


def chosen_window(result: TrustResult, choices: Choices) -> Window | Notice:
    """The window chosen, or that there is nothing in it."""
    since, until = (int(each.of(choices)) for each in window_choices(result))
    if since > until:
        return Notice(f"From {since} to {until} there is nothing: let it begin before it ends.", "warning")
    return Window(since, until)
