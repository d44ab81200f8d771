"""What a request to the service asks for, made of its JSON: one checked, frozen value whatever the protocol.

Open Inference Protocol v2, KServe v1 and MLflow are three spellings of the same question: a record matrix of shape
(fields, n) as the contract orders it, and which outputs are wanted. Numbers become FP64, of whichever type they come,
as long as none is another number then; null stands for a missing value; a field with codes, or special codes, also
takes their words.
Whatever is wrong becomes a BadInput that says where.
"""

import csv
import math
import re
import reprlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

import numpy as np

from data.arrays import Array
from data.contract import Contract, Field
from data.errors import BadInput
from data.files.escapes import bare
from data.json_types import Json
from model.report import numbers

OUTPUTS = ("predict_proba", "shap_values", "base_value", "decision")
"""What can be asked for; without a list a call is answered with ``predict_proba``."""
REASONS = ("shap_values", "base_value")
EXACT = 2**53  # up to here every whole number is a 64-bit float
WHOLE = {f"INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)} | {
    f"UINT{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)
}
SHORT = {"FP32": np.float32, "FP16": np.float16}
DATATYPES = ("FP64", *SHORT, *WHOLE)
"""What numbers may come as; words of codes as BYTES, a field whose codes are 0 and 1 as BOOL."""
IDENTITY = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = 60


class TooMuch(BadInput):
    """More rows than one request may hold, or a body longer than allowed."""


@dataclass(frozen=True, eq=False)
class ScoreRequest:
    """``raw`` (fields, n), checked against the contract; the ``outputs`` wanted; ``id`` that the caller gave, if any,
    under which a repetition of the request is recorded once."""

    raw: Array
    outputs: tuple[str, ...]
    id: str = ""


def oip(body: Json, contract: Contract, most: int) -> ScoreRequest:
    """An Open Inference Protocol v2 request of at most ``most`` rows; raises BadInput."""
    request = _object(body, "The request", {"inputs"}, {"id", "parameters", "outputs"})
    tensors = [_tensor(each, k, contract) for k, each in enumerate(_list(request["inputs"], "inputs"))]
    lengths = {len(values) for _, values in tensors}
    if len(lengths) > 1:
        counted = ", ".join(f"{name} {len(values)}" for name, values in tensors[:6])
        raise BadInput(f"Every tensor needs the same number of rows; given were: {counted}.")
    wanted = request.get("outputs")
    outputs = tuple(_output(each) for each in _list([] if wanted is None else wanted, "outputs"))
    return _ask(
        [name for name, _ in tensors],
        [v for _, v in tensors],
        contract=contract,
        most=most,
        outputs=outputs,
        identity=request.get("id"),
    )


def kserve(body: Json, contract: Contract, most: int, outputs: Sequence[str] = OUTPUTS[:1]) -> ScoreRequest:
    """A KServe v1 request: ``instances``, each an object by field or a list in the record's order."""
    request = _object(body, "The request", {"instances"}, {"parameters", "id"})
    return _rows(
        _list(request["instances"], "instances"), contract, most=most, outputs=outputs, identity=request.get("id")
    )


def mlflow(body: Json, contract: Contract, most: int) -> ScoreRequest:
    """An MLflow request: ``dataframe_split``, ``dataframe_records``, ``instances`` or ``inputs``."""
    request = _object(body, "The request", set(), set(_MLFLOW) | {"params"})
    given = [name for name in _MLFLOW if name in request]
    if len(given) != 1:
        raise BadInput(f"The request needs one of {', '.join(_MLFLOW)}; given were: {', '.join(given) or 'none'}.")
    value, outputs = request[given[0]], OUTPUTS[:1]
    if given[0] == "dataframe_split":
        frame = _object(value, "dataframe_split", {"columns", "data"}, {"index"})
        names, rows = _list(frame["columns"], "columns"), _list(frame["data"], "data")
        if any(not isinstance(row, list) or len(row) != len(names) for row in rows):
            raise BadInput(f"Every row of data needs one value for each of the {len(names)} columns.")
        return _ask(
            names,
            list(map(list, zip(*rows, strict=True))) or [[]],
            contract=contract,
            most=most,
            outputs=outputs,
            identity=None,
        )
    if isinstance(value, dict):
        columns = [each if isinstance(each, list) else [each] for each in value.values()]
        if len({len(each) for each in columns}) > 1:
            raise BadInput("Every column needs the same number of rows.")
        return _ask(list(value), columns, contract=contract, most=most, outputs=outputs, identity=None)
    return _rows(_list(value, given[0]), contract, most=most, outputs=outputs, identity=None)


_MLFLOW = ("dataframe_split", "dataframe_records", "instances", "inputs")
_NUMBER = re.compile(r"[+-]?(?:\d{1,300}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_TRUTH = {"true": True, "false": False}


def mlflow_csv(text: bytes, contract: Contract, most: int) -> ScoreRequest:
    """A CSV as MLflow takes one: a line of the fields' names, then a line each row, commas between.

    A cell is a number with a decimal point, a code's word, or empty for a missing value, and never guessed at; an
    apostrophe that this product's own files put before a word is taken off again.
    """
    try:
        lines = csv.reader(StringIO(text.decode("utf-8-sig"), newline=""), strict=True)
        rows = [line for line in lines if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"The request is no CSV in UTF-8: {error}. Send JSON, or check letters and quotes.") from None
    names = rows[0] if rows else []
    for k, row in enumerate(rows[1:]):
        if len(row) != len(names):
            given, named = numbers.counted(len(row), "value"), numbers.counted(len(names), "column")
            raise BadInput(f"Row {k} has {given}; the first line names {named}.")
    fields = [contract.record[contract.row[name]] if name in contract.row else None for name in names]
    columns = [_cells(texts, field) for texts, field in zip(zip(*rows[1:], strict=True), fields, strict=False)]
    return _ask(names, columns, contract=contract, most=most, outputs=OUTPUTS[:1], identity=None)


def _cells(texts: Sequence[str], field: Field | None) -> list[Json]:
    words = frozenset(field.values_in_words.values()) if field is not None else frozenset()
    return [text if text in words else _cell(bare(text)) for text in texts]


def _cell(text: str) -> float | bool | str | None:
    given = text.strip()
    if not given:
        return None
    if _NUMBER.fullmatch(given) is None:
        return _TRUTH.get(given.lower(), text)
    value = float(given)
    if not math.isfinite(value):
        return text
    return value if any(sign in given for sign in ".eE") else int(given)


def _rows(rows: list[Json], contract: Contract, most: int, outputs: Sequence[str], identity: Json) -> ScoreRequest:
    names = [each.name for each in contract.record]
    if rows and isinstance(rows[0], dict):
        names = list(rows[0])
        for k, row in enumerate(rows):
            if not isinstance(row, dict) or set(row) != set(names):
                raise BadInput(f"Row {k} does not hold the same fields as row 0.")
        return _ask(
            names,
            [[row[name] for row in rows] for name in names],
            contract=contract,
            most=most,
            outputs=outputs,
            identity=identity,
        )
    for k, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            raise BadInput(f"Row {k} must be an object by field, or a list of the {len(names)} values {_named(names)}.")
    return _ask(
        names,
        [list(each) for each in zip(*rows, strict=True)],
        contract=contract,
        most=most,
        outputs=outputs,
        identity=identity,
    )


def _ask(
    names: Sequence[Json],
    columns: Sequence[Json],
    contract: Contract,
    most: int,
    outputs: Sequence[str],
    identity: Json,
) -> ScoreRequest:
    wanted = [each.name for each in contract.record]
    if identity is not None and not (isinstance(identity, str) and IDENTITY.fullmatch(identity)):
        raise BadInput(
            "The id of a request is a text of 1 to 64 letters A to Z, digits, dots, colons, dashes, underscores; "
            f"{_short(identity)} was given."
        )
    texts = [each if isinstance(each, str) and each.strip() else _short(each) for each in names]
    counted = Counter(texts)
    unknown = [name for name in counted if name not in contract.row]
    absent = [name for name in wanted if name not in counted]
    twice = [name for name, count in counted.items() if count > 1]
    if unknown or absent or twice:
        told = [
            f"{what}: {_named(some)}"
            for what, some in (("missing", absent), ("unknown", unknown), ("given twice", twice))
            if some
        ]
        raise BadInput(f"The request must hold each of {_named(wanted)} once. {'; '.join(told).capitalize()}.")
    n = len(columns[0]) if columns else 0
    if n == 0:
        raise BadInput("The request holds no row; send at least one.")
    if n > most:
        raise TooMuch(f"The request holds {n:,} rows; at most {most:,} are answered at once. Split it.")
    raw = np.empty((len(wanted), n))
    for name, values in zip(texts, columns, strict=True):
        k = contract.row[name]
        raw[k] = _numbers(values, contract.record[k])
    _checked(raw, contract)
    return ScoreRequest(raw, tuple(dict.fromkeys(outputs)) or OUTPUTS[:1], identity or "")


def _checked(raw: Array, contract: Contract) -> None:
    """Raise what `Contract.check` raises, saying which row it is if there are several."""
    if _fault(raw, contract) is None:
        return
    low, high = 0, raw.shape[1]  # the first bad row lies in here
    while high - low > 1:
        middle = (low + high) // 2
        if _fault(raw[:, low:middle], contract) is None:
            low = middle
        else:
            high = middle
    error = _fault(raw[:, low:high], contract) or BadInput("cannot be used.")
    raise type(error)(f"Row {low}: {error}" if raw.shape[1] > 1 else str(error))


def _fault(raw: Array, contract: Contract) -> BadInput | None:
    try:
        contract.check(raw)
    except BadInput as error:
        return error
    return None


def _numbers(values: Json, field: Field) -> Array:
    """One column as float64, null as NaN, a code's words as the code."""
    kinds = set(map(type, values))
    if str in kinds and field.values_in_words:
        codes = {word: float(code) for code, word in field.values_in_words.items()}
        unknown = [each for each in values if isinstance(each, str) and each not in codes]
        if unknown:
            numbers_too = "" if field.codes else "numbers, "
            raise BadInput(f"{field.label} has no {_short(unknown[0])}; there are: {numbers_too}{', '.join(codes)}.")
        values = [codes[each] if isinstance(each, str) else each for each in values]
        kinds = set(map(type, values))
    if bool in kinds and set(field.codes) == {0, 1}:
        values = [float(each) if isinstance(each, bool) else each for each in values]
        kinds = set(map(type, values))
    wrong = kinds - {int, float, type(None)}
    if wrong:
        row, given = next((k, each) for k, each in enumerate(values) if type(each) in wrong)
        where = f"Row {row}: " if len(values) > 1 else ""
        raise BadInput(f"{where}{field.label} ({field.name}) takes numbers or null; {_short(given)} was given.")
    try:
        found = np.array(values, np.float64)
    except OverflowError:
        raise BadInput(f"{field.label} ({field.name}) holds a number too large to be one.") from None
    for k in np.flatnonzero(np.abs(found) >= EXACT) if int in kinds else ():
        if type(values[k]) is int and int(found[k]) != values[k]:
            raise BadInput(
                f"{field.label} ({field.name}) holds {values[k]}, which no 64-bit float is. Whole numbers are taken up "
                f"to {EXACT:,}."
            )
    if len(kinds - {type(None)}) and np.isnan(found).sum() > values.count(None):
        raise BadInput(f"{field.label} ({field.name}) holds NaN; write null for a missing value.")
    return found


def _tensor(given: Json, k: int, contract: Contract) -> tuple[str, list[Json]]:
    """Name and flat values of one OIP input tensor."""
    tensor = _object(given, f"inputs[{k}]", {"name", "shape", "datatype", "data"}, {"parameters"})
    name, shape, datatype = tensor["name"], tensor["shape"], tensor["datatype"]
    if not isinstance(name, str):
        raise BadInput(f"inputs[{k}] needs a text as its name; {_short(name)} was given.")
    allowed = datatypes(contract.record[contract.row[name]]) if name in contract.row else DATATYPES
    if datatype not in allowed:
        raise BadInput(
            f"{_short(name)} must have the datatype FP64, or one of {', '.join(allowed[1:])} if that holds every "
            f"value; {_short(datatype)} was given."
        )
    data = _list(tensor["data"], "data", f" of inputs[{k}]")
    flat = data
    if list in map(type, data):
        flat = [each[0] if isinstance(each, list) and len(each) == 1 else each for each in data]
    proper = isinstance(shape, list) and all(type(each) is int for each in shape)
    if not proper or len(shape) not in (1, 2) or shape[1:] not in ([], [1]) or shape[0] != len(flat):
        raise BadInput(
            f"{_short(name)} must have the shape [n] or [n, 1] of its data; the shape {_short(shape)} with {len(flat)} "
            "values was given."
        )
    _held(name, datatype, flat)
    return name, flat


def datatypes(field: Field) -> tuple[str, ...]:
    """What a field's tensor may have as its datatype."""
    words = ("BYTES",) if field.values_in_words else ()
    return (*DATATYPES, *words, *(("BOOL",) if set(field.codes) == {0, 1} else ()))


def _held(name: str, datatype: str, data: Sequence[Json]) -> None:
    """BadInput if a tensor's datatype cannot hold one of its numbers: it is another one on this side than on theirs."""
    if datatype not in SHORT and datatype not in WHOLE:
        return
    given = [each for each in data if type(each) in (int, float)]
    with np.errstate(over="ignore"):
        try:
            values = np.array(given, np.float64)
            short = values.astype(SHORT.get(datatype, np.float64))
        except OverflowError:  # told by the field's own name
            return
    low, high = WHOLE.get(datatype, (-np.inf, np.inf))
    whole = np.floor(values) == values if datatype in WHOLE else True
    lost = np.flatnonzero(~((values == short) & whole & (values >= low) & (values <= high)))
    if len(lost):
        raise BadInput(
            f"{_short(name)} holds {_short(given[lost[0]])}, which {datatype} cannot: it was rounded, or will be, and "
            "a rounded value can fall into another bin. Send FP64."
        )


def _output(given: Json) -> str:
    output = _object(given, "an output", {"name"}, {"parameters"})
    if output["name"] not in OUTPUTS:
        raise BadInput(f"There is no output {_short(output['name'])}. There are: {', '.join(OUTPUTS)}.")
    return str(output["name"])


def _object(given: Json, what: str, needed: set[str], more: set[str]) -> Mapping[str, Json]:
    if not isinstance(given, dict):
        raise BadInput(f"{what} must be a JSON object; {_short(given)} was given.")
    absent, unknown = sorted(needed - set(given)), sorted(set(given) - needed - more)
    if absent or unknown:
        told = [f"lacks {', '.join(absent)}"] if absent else []
        told += [f"holds {_named([_short(each) for each in unknown])}, which nothing reads"] if unknown else []
        raise BadInput(f"{what} {' and '.join(told)}. It may hold: {', '.join(sorted(needed | more))}.")
    return given


def _list(given: Json, what: str, where: str = "") -> list[Json]:
    if not isinstance(given, list):
        raise BadInput(f"{what}{where} must be a list; {_short(given)} was given.")
    return given


def _short(given: Json) -> str:
    text = _BRIEF.repr(given)  # never the whole of what may be long or deep
    return text if len(text) <= 60 else f"{text[:57]}…"


def _named(names: Sequence[str], most: int = 24) -> str:
    told = [each if len(each) <= 60 else f"{each[:57]}…" for each in names[:most]]
    return ", ".join(told) + (f" and {len(names) - most} more" if len(names) > most else "")
