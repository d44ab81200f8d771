"""What all records of a large book say, beside what the sample of it said."""

from data.contract import Contract, Measure
from model.report import language, numbers
from model.report.book import words
from model.report.book.briefing import headline_measures
from model.report.briefing import READ_AS, Cell, Column, Finding, Table
from model.whatif.book.result import BookResult
from model.whatif.book.sums import StressAnswer

BESIDE = "Every number beside its estimate"


def ask_label(contract: Contract, count: int) -> str:
    """What the button says that asks all of them."""
    return f"Ask all {numbers.counted(count, contract.book.record)}"


def asking_words(contract: Contract, count: int, share: float) -> str:
    """What is being done while they are asked, and how far it is."""
    return f"Asking all {numbers.counted(count, contract.book.record)}: {numbers.percent(share, 0)}"


def inside(result: BookResult, answer: StressAnswer, name: Measure) -> bool:
    """Whether what all of them say lies within the interval of the sample."""
    return abs(answer.now.measure(name) - result.now.measure(name)) <= result.errors.get(name, 0.0)


def whole_finding(result: BookResult, answer: StressAnswer) -> Finding:
    """The numbers of all records beside the estimates, and whether each lies within its interval."""
    contract, scenario = result.contract, result.scenario
    loss = words.measure_text(contract, scenario, name="loss", base=answer.base, now=answer.now)
    where = "within" if inside(result, answer, "loss") else "outside"
    count = numbers.counted(answer.now.customers, contract.book.record)
    headline = f"All {count}: {language.lost(contract)} {loss.now}, {where} the sample's interval"
    names = [name for name in headline_measures(contract) if name in result.errors]
    out = sum(not inside(result, answer, name) for name in names)
    note = "" if not out else f"{numbers.counted(out, 'number')} outside: of intervals of 95 %, one in 20 is."
    return Finding("whole", headline, table=_table(result, answer, names), note=note, shape="whole")


def _table(result: BookResult, answer: StressAnswer, names: list[Measure]) -> Table:
    contract, count = result.contract, numbers.plain(result.whole.n)
    values = (f"All {numbers.plain(answer.now.customers)}", f"Estimated from {count}", "95 % interval, ±")
    columns = (
        Column("Measure"),
        Column("Unit", place="file"),
        *(Column(name, place="screen") for name in values),
        *(Column(name, place="file") for name in values),
        Column("Within it"),
    )
    rows = tuple(_row(result, answer, name) for name in names)
    return Table("book-whole", f"The whole book beside its sample: {contract.book.title}", columns, rows)


def _row(result: BookResult, answer: StressAnswer, name: Measure) -> tuple[Cell, ...]:
    contract, scenario, errors = result.contract, result.scenario, result.errors
    base, now, error = result.base, result.now, errors[name]
    unit = words.unit_name(contract, name)
    exact = words.measure_text(contract, scenario, name=name, base=answer.base, now=answer.now).now
    said = words.measure_text(contract, scenario, name=name, base=base, now=now, errors=errors).now
    interval = words.error_words(contract, name, error, words.difference(name, base, now, errors).unit)
    read = Column("", unit).read
    return (
        words.label(contract, name),
        READ_AS.get(unit, unit),
        *(exact, said, interval),
        *(read(numbers.finite(each)) for each in (answer.now.measure(name), now.measure(name), error)),
        "yes" if inside(result, answer, name) else "no",
    )
