"""A whole book under a scenario as its sums answer it: in a terminal's text, and as JSON holds it."""

from collections.abc import Iterator

import numpy as np

from data.contract import Contract, Measure, Segment
from data.json_types import JsonObject
from model.report import language, numbers
from model.report.book import words
from model.report.book.briefing import headline_measures
from model.report.language import band_label, rising
from model.whatif.book.sums import StressAnswer
from model.whatif.book.totals import Totals


def stress_sentence(answer: StressAnswer) -> str:
    """The first sentence, as the book page has it."""
    asked = answer.question
    return words.book_verdict(answer.contract, asked.scenario, today=asked.day, base=answer.base, now=answer.now)


def stress_text(answer: StressAnswer) -> str:
    """Everything, for people: the sentence, the numbers, what moved them and where they sit."""
    parts = (_headline(answer), *_bridges(answer), _reactions(answer), *_segments(answer), _migration(answer))
    beyond = words.held_words(answer.contract, answer.clipped, answer.territory, answer.now.customers)
    return "\n\n".join([stress_sentence(answer), *("\n".join(part) for part in parts), beyond])


def _headline(answer: StressAnswer) -> Iterator[str]:
    contract, scenario = answer.contract, answer.question.scenario
    for name in measures(contract):
        text = words.measure_text(contract, scenario, name=name, base=answer.base, now=answer.now)
        broken = text.broken if text.holds is False else ""
        limit = ", ".join(filter(None, (text.limit and f"limit {text.limit}", broken)))
        yield f"{text.label:<36}  {text.base:>16} → {text.now:<16}  {text.change:<16}  {limit}".rstrip()


def measures(contract: Contract) -> tuple[Measure, ...]:
    """The measures that are told, as the page has them; a loss net of guarantees only where there are any."""
    return tuple(each for each in contract.measures if each in (*headline_measures(contract), "net_loss", "loss_bps"))


def _bridges(answer: StressAnswer) -> Iterator[Iterator[str]]:
    contract, scenario = answer.contract, answer.question.scenario
    if not answer.question.players:
        return
    for name in answer.question.measures:
        yield _steps(contract, words.label(contract, name), words.shown_steps(contract, scenario, answer.bridge(name)))


def _steps(contract: Contract, measure: str, shown: words.Steps) -> Iterator[str]:
    yield f"What moved it: {language.counted_in(measure, contract, shown.unit)}"
    texts = shown.texts(contract.book.currency)
    for (label, _), text in zip(shown.parts, texts, strict=True):
        yield f"  {label:<46}  {text:>14}"


def _reactions(answer: StressAnswer) -> Iterator[str]:
    contract, currency = answer.contract, answer.contract.book.currency
    labels = [each.label for each in contract.concepts]
    found = words.reaction(answer.base.loss, labels, answer.concept_reactions())
    shocked = bool(answer.question.layers[1].shocks)
    yield f"What the model reacted to: {words.reaction_headline(found, shocked, currency)}"
    for label, amount in found.parts if shocked else ():
        yield f"  {label:<46}  {found.unit.signed(amount, currency) or '0':>14}"


def _segments(answer: StressAnswer) -> Iterator[Iterator[str]]:
    return (_segment(answer, each) for each in answer.contract.segments)


def _segment(answer: StressAnswer, segment: Segment) -> Iterator[str]:
    contract, cells = answer.contract, answer.cells(segment)
    yield f"{segment.label}: {words.change_headline(contract, segment, cells)}"
    for cell in cells:
        loss = words.difference("loss", cell.base, cell.now)
        was, goes = (words.text(contract, "loss", each, loss.unit) for each in (loss.base, loss.now))
        yield (
            f"  {band_label(contract, segment, cell.path[0]):<34}  {cell.base.customers:>12,}  "
            f"{words.text(contract, 'exposure', cell.now.exposure):>14}  {was:>14} → {goes}"
        )


def _migration(answer: StressAnswer) -> Iterator[str]:
    contract, counts = answer.contract, answer.migration()
    moves = int(np.tril(counts, -1).sum()), int(np.trace(counts)), int(np.triu(counts, 1).sum())
    names = rising(contract.score.bands)
    wide = max(12, *map(len, names))
    yield f"Score bands: {words.migration_headline(contract.book.record, moves)}"
    yield f"  {'before, then now':<{wide + 6}}" + "".join(f"{name:>{wide + 2}}" for name in names)
    for name, row in zip(names, counts.tolist(), strict=True):
        yield f"  {name:<{wide + 6}}" + "".join(f"{count:>{wide + 2},}" for count in row)


# ---- JSON --------------------------------------------------------------------------------------------------------


def stress_json(answer: StressAnswer) -> JsonObject:
    """The same, every number as it is."""
    contract, scenario, asked = answer.contract, answer.question.scenario, answer.question
    beyond, known = answer.clipped, answer.territory
    return {
        "sentence": stress_sentence(answer),
        "scenario": scenario.to_query(),
        "day": asked.day.isoformat(),
        "currency": contract.book.currency,
        "headline": [_measure(answer, name) for name in measures(contract)],
        "bridges": {name: _bridge(answer, name) for name in asked.measures},
        "drivers": _drivers(answer),
        "segments": [
            {
                "name": segment.name,
                "label": segment.label,
                "bands": [
                    {
                        "band": cell.path[0],
                        "label": band_label(contract, segment, cell.path[0]),
                        "customers": cell.base.customers,
                        "base": _totals(contract, cell.base),
                        "now": _totals(contract, cell.now),
                    }
                    for cell in answer.cells(segment)
                ],
            }
            for segment in contract.segments
        ],
        "migration": {"bands": rising(contract.score.bands), "counts": answer.migration().tolist()},
        "beyond_training_range": {"customers": beyond.customers, "loss_if_not_held": beyond.free},
        "outside_known_territory": {"before": known.before, "now": known.now, "sample": known.sample},
    }


def _measure(answer: StressAnswer, name: Measure) -> JsonObject:
    base, now = answer.base.measure(name), answer.now.measure(name)
    limit, appetite = words.limit_of(answer.contract, answer.question.scenario, name)
    found: JsonObject = {
        "measure": name,
        "label": words.label(answer.contract, name),
        "base": base,
        "now": now,
        "change": now - base,
    }
    if appetite is not None:
        found |= {"limit": limit, "holds": words.within(appetite, now, limit)}
    return found


def _bridge(answer: StressAnswer, name: Measure) -> JsonObject:
    found = answer.bridge(name)
    return {
        "base": found.base,
        "now": found.scenario,
        "steps": [
            {
                "levers": list(step.player.names),
                "label": words.player_label(answer.contract, answer.question.scenario, step.player),
                "amount": step.amount,
            }
            for step in found.steps
        ],
    }


def _drivers(answer: StressAnswer) -> JsonObject:
    contract, inputs = answer.contract, answer.input_reactions().tolist()
    return {
        "inputs": [
            {"input": each.name, "label": each.label, "amount": amount}
            for each, amount in zip(contract.inputs, inputs, strict=True)
        ],
        "concepts": [
            {"concept": each.name, "label": each.label, "amount": amount}
            for each, amount in zip(contract.concepts, answer.concept_reactions(), strict=True)
        ],
    }


def _totals(contract: Contract, found: Totals) -> JsonObject:
    return {name: found.measure(name) for name in measures(contract)}


def rate_words(rows: int, seconds: float) -> str:
    """How fast it went: "1,000,000 rows in 3.7 s, 270,000 a second"."""
    speed = f", {numbers.plain(rows / seconds)} a second" if seconds >= 1 else ""
    return f"{rows:,} rows in {seconds:.1f} s{speed}"
