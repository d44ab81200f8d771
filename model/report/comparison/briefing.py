"""What is said of two to five scenarios, customers or cut-offs side by side: what differs, their numbers, what moved
each, why."""

from collections.abc import Mapping, Sequence

import numpy as np

from data.contract import Contract, Measure, capitalised, lower
from data.errors import WhatIfError
from model.engine.identity import Deployed
from model.engine.parallel import Follow, not_followed
from model.report import numbers
from model.report.book import charts as book_charts
from model.report.book import words as book_words
from model.report.briefing import FRACTION, Briefing, Cell, Column, Finding, Item, Notice, Table
from model.report.charts import BASE, SCENARIO, WORSE, Figure, LimitLine, bar_text, draw_limit, layout
from model.report.comparison.differences import differences_table
from model.report.comparison.measures import ComparedMeasure, measures, numbers_table, sentence, side
from model.report.customer import words as customer_words
from model.report.customer.charts import room
from model.report.language import lost_label, records_heading, window_title
from model.report.policy import words as policy_words
from model.whatif.book.bridge import Bridge
from model.whatif.book.scenario import BookScenario
from model.whatif.comparison.comparison import LEAST, MOST, Comparison
from model.whatif.comparison.result import ComparisonResult
from model.whatif.policy.scenario import PolicyScenario
from model.whatif.policy.swap import swap
from model.whatif.saved import LONGEST_NAME, Scenario, Subject

BRIDGED: Measure = "loss"
MOST_ASKED_ANEW = 8  # times a model without tables is asked about its customers once more for the bridges of all
ROW = 34  # px of a bar


def main_measure(contract: Contract, subject: Subject) -> str:
    """The measure of a subject that is drawn and told first."""
    return {"book": "loss", "customer": "pd", "policy": policy_words.main_goal(contract)}[subject]


def comparison_briefing(result: ComparisonResult, *, model: Deployed, follow: Follow = not_followed) -> Briefing:
    """What the page says of a comparison of two and more."""
    contract = _contract(result)
    found = measures(result)
    main = next(each for each in found if each.name == main_measure(contract, result.comparison.subject))
    return Briefing(
        "comparison",
        sentence(main, result.names, noun(contract, result.comparison)),
        tiles=(),
        below=f"{against_words(result)} Move another one up to compare with that.",
        make_findings=lambda: (
            bars(contract, main, result.names),
            _differences(result, contract),
            _numbers(result, contract, found),
            *_weighted(result, contract),
            *_what_moved(result, contract, follow),
        ),
        method=_method(contract, model),
        guaranteed=contract.guaranteed,
        title=window_title(contract, "Compare", result.names),
    )


def briefing_to_compare(contract: Contract, comparison: Comparison, *, model: Deployed) -> Briefing:
    """What it says while there are too few to compare."""
    nouns = noun(contract, comparison)
    names = [each.name for each in comparison.members]
    lacking = LEAST - len(comparison.members)
    told = f"Add {'one more' if lacking == 1 else 'two or more'}, of at most {MOST}, to see {nouns} side by side."
    return Briefing(
        "comparison", told, (), method=_method(contract, model), title=window_title(contract, "Compare", names)
    )


def noun(contract: Contract, comparison: Comparison) -> str:
    """What is compared, in the plural."""
    return {"book": "scenarios", "customer": contract.book.records, "policy": "cut-offs"}[comparison.subject]


def _contract(result: ComparisonResult) -> Contract:
    if result.books:
        return result.books[0].contract
    return result.policies[0].contract if result.policies else result.customers[0].contract


def against_words(result: ComparisonResult) -> str:
    """What the differences are to."""
    return f"Differences are those to the first, “{result.names[0]}”."


def name_of_member(contract: Contract, scenario: Scenario) -> str:
    """What a scenario is called that nobody has named: what it assumes in short."""
    if isinstance(scenario, BookScenario):
        told = book_words.under_chip(contract, scenario) if scenario.values else "As the book stands"
    elif isinstance(scenario, PolicyScenario):
        own = [book_words.under_chip(contract, scenario.stress(contract))] if scenario.stress(contract).values else []
        told = ", ".join([f"Cut-off {scenario.at(contract)}", *own])
    else:
        who = (
            "Own record" if scenario.customer is None else f"{capitalised(contract.book.record)} {scenario.customer:,}"
        )
        own = list(customer_words.change_chips(contract, scenario).values())
        under = [book_words.under_chip(contract, scenario.under)] if scenario.under.values else []
        told = ", ".join([who, *own, *under])
    return told if len(told) <= LONGEST_NAME else f"{told[: LONGEST_NAME - 1]}…"


# ---- the main number ----------------------------------------------------------------------------------------------


def bars(contract: Contract, main: ComparedMeasure, names: Sequence[str]) -> Finding:
    """The main number of each as a bar, with the limit where there is one."""
    changes = [f"{text} ({change})" if change else text for text, change in zip(main.texts, main.changes, strict=True)]
    told = "; ".join(f"{name} {text}" for name, text in zip(names, changes, strict=True))
    limit = f"; limit {main.limit}" if np.isfinite(main.limit_value) else ""
    return Finding(
        "compared",
        f"{main.label}{_headed(main, names)}",
        chart=_bars(main, names, changes),
        alt=f"{main.label}: {told}{limit}.",
        shows=f"{main.label}, {_unit_words(contract, main)}",
    )


def _unit_words(contract: Contract, main: ComparedMeasure) -> str:
    if main.name == "score":
        return "points"
    if main.unit.size == numbers.SHARE.size:
        return "%"
    return f"{contract.book.currency}{main.unit.suffix}".strip()


def _headed(main: ComparedMeasure, names: Sequence[str]) -> str:
    told = side(main, names)
    return f": {told.removeprefix('; ')}" if told else ""


def _bars(main: ComparedMeasure, names: Sequence[str], texts: Sequence[str]) -> Figure:
    size = main.unit.size
    values = [0.0 if np.isnan(each) else each / size for each in main.values]
    line = LimitLine(main.limit_value / size, f"limit {main.limit}") if np.isfinite(main.limit_value) else None
    low, high = min(0.0, *values), max(0.0, *values)
    ends = (low, high) if line is None else line.within(low, high)
    named = list(zip(values, texts, strict=True))
    figure = layout(40 + ROW * len(names), 8)
    figure["xaxis"] = {
        "showgrid": False,
        "zeroline": low < 0,
        "showticklabels": False,
        "fixedrange": True,
        "range": room([(ends[0], ""), *(each for each in named if each[0] < 0)], [(ends[1], ""), *named]),
    }
    figure["yaxis"] = {"autorange": "reversed", "fixedrange": True, "showgrid": False, "ticks": "", "automargin": True}
    rows = [f"{name} " for name in names]
    figure["annotations"] = [bar_text(at, row, text, left=at < 0) for (at, text), row in zip(named, rows, strict=True)]
    draw_limit(figure, line, "x", (low, high))
    broken = [each is False for each in main.holds]
    colours = [BASE if k == 0 else SCENARIO for k in range(len(names))]
    bars_: dict[str, object] = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": rows,
        "marker": {"color": [WORSE if lost else colour for lost, colour in zip(broken, colours, strict=True)]},
        "text": list(texts),
        "textposition": "none",
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    return {"data": [bars_], "layout": figure}


# ---- tables -------------------------------------------------------------------------------------------------------


def _differences(result: ComparisonResult, contract: Contract) -> Finding:
    found = differences_table(result, contract)
    if not found.exact:
        return Finding("differences", "Nothing that is assumed differs between them")
    count = numbers.counted(len(found.exact), "thing")
    return Finding("differences", f"What differs: {count}; all else is the same", table=found, shape="texts")


def _numbers(result: ComparisonResult, contract: Contract, found: Sequence[ComparedMeasure]) -> Finding:
    table = numbers_table(result, contract, found)
    marks = any(holds is not None for each in found for holds in each.holds)
    kept = "✓ the cut-off is reached, ✗ it is not." if result.customers else "✓ the limit holds, ✗ it does not."
    note = kept if marks else ""
    return Finding(
        "numbers",
        f"The numbers, each with its difference to “{result.names[0]}”",
        table=table,
        shape="texts",
        note=note,
    )


def _weighted(result: ComparisonResult, contract: Contract) -> tuple[Item, ...]:
    """The losses weighted by the weights given, each in its own severity."""
    if not result.weighs:
        return ()
    try:
        total = result.weighted_loss()
    except WhatIfError as error:
        return (Notice(str(error), "warning"),)
    members = result.comparison.members
    weights = [(each.name, each.weight / 100, book.now.loss) for each, book in zip(members, result.books, strict=True)]
    headline = book_words.weighted_words(
        contract,
        result.books[0].scenario,
        weights=[each for each in weights if each[1]],
        base=result.books[0].base.loss,
        loss=total,
    )
    lost = lost_label(contract)
    columns = (Column("Scenario"), Column("Weight", FRACTION, 2), Column(lost, contract.book.currency, 0))
    rows: list[tuple[Cell, ...]] = [*weights, ("Weighted", sum(each[1] for each in weights), total)]
    table = Table("comparison-weighted", "Scenarios weighted by probability", columns, tuple(rows))
    note = f"{'The losses' if contract.in_money else 'Expected defaults'} are weighted, never what is assumed."
    return (Finding("weighted", headline, table=table, drawn=False, note=note),)


# ---- what moved each, and why -------------------------------------------------------------------------------------


def _what_moved(result: ComparisonResult, contract: Contract, follow: Follow) -> tuple[Item, ...]:
    if result.books:
        return _bridges(result, contract, follow)
    if result.policies:
        return _swaps(result, contract)
    return _reasons(result, contract)


def _bridges(result: ComparisonResult, contract: Contract, follow: Follow) -> tuple[Item, ...]:
    """What moved the loss of each scenario that moves anything, from the book as it stands; where a model without
    tables would have to be asked too often for it, that."""
    found, dear = list[Finding](), dict[str, int]()
    left = MOST_ASKED_ANEW * result.books[0].whole.n
    with follow("Working out what moved each") as progress:
        for k, (name, own) in enumerate(zip(result.names, result.books, strict=True)):
            if not own.moved:
                continue
            asks = own.bridge_asks
            if asks > left:
                dear[name] = asks
                continue
            left -= asks
            steps = own.bridge(BRIDGED, progress)
            found.append(
                Finding(
                    f"bridge_{k}",
                    f"{name}. {book_words.bridge_headline(contract, own.scenario, steps)}",
                    chart=book_charts.bridge(contract, own.scenario, steps),
                    alt=f"{name}. {book_charts.bridge_in_words(contract, own.scenario, steps)}",
                    shows=_bridge_shows(contract, own.scenario, steps),
                    half=True,
                )
            )
    return (*found, *([Notice(_too_dear(contract, dear))] if dear else []))


def _bridge_shows(contract: Contract, scenario: BookScenario, steps: Bridge) -> str:
    return book_words.shows(contract, BRIDGED, book_words.shown_steps(contract, scenario, steps).unit)


def _too_dear(contract: Contract, asks: Mapping[str, int]) -> str:
    """Why what moved some of them is not worked out."""
    named = " and ".join(f"“{name}”" for name in asks)
    many = f"{sum(asks.values()):,} {contract.book.records}"
    return (
        f"What moved {named} is not worked out here: the model runs elsewhere, and would have to be asked about {many} "
        "more. The Book page works it out for one scenario at a time."
    )


def _swaps(result: ComparisonResult, contract: Contract) -> tuple[Item, ...]:
    """Whom each cut-off grants that the first does not, and the other way round; by the scores each has itself."""
    first = result.policies[0]
    before = first.approved(first.cutoff)
    currency = contract.book.currency
    columns = (
        Column("Against the first"),
        Column(f"{records_heading(contract)} in both", digits=0),
        Column("Only here", digits=0),
        Column("Only in the first", digits=0),
        Column(f"{lost_label(contract)} of those only here", currency, 0),
        *((Column("Profit of those only here", currency, 0),) if contract.in_money else ()),
    )
    rows: list[tuple[Cell, ...]] = []
    for name, own in zip(result.names[1:], result.policies[1:], strict=True):
        both, more, fewer, _ = swap(before, own.approved(own.cutoff), own.rows, own.book.target)
        earned = (more.profit,) if contract.in_money else ()
        rows.append((name, both.customers, more.customers, fewer.customers, more.loss, *earned))
    word = policy_words.cell_label(contract, (False, True))
    return (
        Finding(
            "swapped",
            f"Who is {word} against “{result.names[0]}”",
            table=Table("comparison-swapped", "Who is swapped in and out against the first", columns, tuple(rows)),
            shape="texts",
        ),
    )


def _reasons(result: ComparisonResult, contract: Contract) -> tuple[Item, ...]:
    """Each concept's share of the score of each, in points."""
    reasons = [each.reasons for each in result.customers]
    missing = next((each.no_reasons for each in result.customers if each.reasons is None), "")
    known = [each for each in reasons if each is not None]
    if len(known) < len(reasons):
        return (Notice(f"Reasons are not available. {missing}"),)
    labels = dict.fromkeys(each.label for why in known for each in why.concepts)
    points = [{each.label: each.points for each in why.concepts} for why in known]
    shown = [
        _whole_points(why.base_score, own, result.customers[k].now.score)
        for k, (why, own) in enumerate(zip(known, points, strict=True))
    ]
    start = customer_words.compared_with(known[0])
    rows: list[tuple[Cell, ...]] = [(f"{start[:1].upper()}{start[1:]}", *(why.base_score for why in known))]
    rounded: list[tuple[Cell, ...]] = [(rows[0][0], *(numbers.whole_score(why.base_score) for why in known))]
    for label in labels:
        rows.append((label, *(own.get(label, 0.0) for own in points)))
        rounded.append((label, *(own.get(label, 0.0) for own in shown)))
    rows.append(("Score", *(each.now.score for each in result.customers)))
    rounded.append(("Score", *(numbers.whole_score(each.now.score) for each in result.customers)))
    columns = (Column("Score points"), *(Column(name, digits=0) for name in result.names))
    title = "Each concept's share of the score"
    table = Table("comparison-reasons", title, columns, exact=tuple(rows), rounded=tuple(rounded))
    strongest = max(labels, key=lambda label: _apart([own.get(label, 0.0) for own in points]))
    return (Finding("reasons", f"What sets them apart most: {lower(strongest)}", table=table, shape="texts"),)


def _whole_points(base: float, points: dict[str, float], score: float) -> dict[str, float]:
    """Shares in whole points that add up to the score shown."""
    total = numbers.whole_score(score) - numbers.whole_score(base)
    return dict(zip(points, numbers.summing(list(points.values()), total), strict=True))


def _apart(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _method(contract: Contract, model: Deployed) -> str:
    records = capitalised(contract.book.records)
    return "\n\n".join(
        [
            f"**Side by side.** Each is asked of {model.words} exactly as its own page asks it, so that its numbers "
            f"are the same there. Up to {MOST}, in the order chosen; the first is what the others are held against.",
            "**What differs** lists only what is not the same in all of them: where one stands at what the contract "
            "has, that is what is shown. **Differences** are those of the numbers shown.",
            "**What moved it** starts from the book as it stands, whatever stands first here. **Weights** weight the "
            f"{'losses' if contract.in_money else 'expected defaults'} of scenarios, each in its own severity, never "
            "what they assume. "
            f"{records} are compared by the same concepts as on their own page.",
        ]
    )
