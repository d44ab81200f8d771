"""What is said of a decision of the stream that is looked at again, above its record."""

from data.contract import Contract
from model.monitoring.stream import StreamDecision
from model.report import numbers
from model.report.briefing import Notice
from model.report.language import decided
from model.report.operations.words import moment, short_name
from model.report.stream.words import decision_word
from model.whatif.customer.decision import Decision


def opened_notice(
    contract: Contract, each: StreamDecision, *, answers: str, now: Decision | None, trouble: str
) -> Notice:
    """What a decision was, and whose numbers stand below it: those of the release that made it, or, where that is in
    ``trouble``, those of the one that ``answers``, by its short name; what that says ``now`` where it is another."""
    name = short_name(each.release)
    was = f"{decision_word(contract, each)}, score {each.score}, PD {numbers.percent(each.pd)}"
    told = f"Application {each.id}, decided {moment(each.decided_at, exact=True)} by release {name}: {was}."
    if trouble:
        why = f"Release {name} cannot be asked any more: {trouble} The numbers below are those of {answers}."
        return Notice(f"{told} {why}", "warning")
    if now is None:
        return Notice(told)
    score, pd = numbers.whole_score(now.score), numbers.percent(now.pd)
    says = f"{decided(contract, now.granted)}, score {score}, PD {pd}"
    return Notice(
        f"{told} {name} is no longer the champion; the numbers below are its own all the same. Release {answers}, "
        f"which answers now, would say: {says}."
    )


def gone_words(identity: str) -> str:
    """That a decision cannot be opened."""
    return (
        f"The decision of application {identity} is not kept here, or no longer: one that was listed can be opened for "
        "an hour. What the stream put on record is exported by: python -m model audit export"
    )
