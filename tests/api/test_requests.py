"""What a request asks for: whatever is sent becomes a checked record matrix, or a BadInput that says what is wrong."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.arrays import Array
from data.contract import Contract, read_contract
from data.errors import BadInput, Missing
from model.api import requests
from model.api.requests import OUTPUTS, ScoreRequest, TooMuch
from tests.support import second_book
from tests.support.records import BOOK, CONTRACT, records

MOST = 50
NAMES = [each.name for each in CONTRACT.record]
CODED = next(each for each in CONTRACT.record if each.codes)
PLAIN = next(each for each in CONTRACT.record if not each.codes)
READERS = (requests.oip, requests.kserve, requests.mlflow)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
not_numbers = st.booleans() | st.text(max_size=8) | st.lists(scalars, min_size=2, max_size=3) | st.just({})
several = st.lists(records(), min_size=1, max_size=4).map(np.hstack)


def tensors(raw: Array) -> list[dict[str, Any]]:
    """The inputs of an Open Inference Protocol request for ``raw`` (fields, n)."""
    n = raw.shape[1]
    return [
        {"name": name, "shape": [n, 1], "datatype": "FP64", "data": row.tolist()}
        for name, row in zip(NAMES, raw, strict=True)
    ]


def oip(raw: Array, **more: Any) -> dict[str, Any]:
    return {"inputs": tensors(raw), **more}


def split(raw: Array) -> dict[str, Any]:
    return {"dataframe_split": {"columns": NAMES, "data": raw.T.tolist()}}


def refused(body: Any, reader: Callable[..., Any] = requests.oip) -> str:
    """What is told of a request that cannot be used."""
    with pytest.raises(BadInput) as caught:
        reader(body, CONTRACT, MOST)
    return str(caught.value)


def read_or_refused(body: Any) -> ScoreRequest | str:
    """What a request asks for, or what is told of it, which is neither nothing nor a whole request."""
    try:
        return requests.oip(body, CONTRACT, MOST)
    except BadInput as error:
        told = str(error)
    assert 10 < len(told) < 2000
    return told


def records_of_one() -> Array:
    """A customer of the book."""
    return BOOK.raw[:, :1]


@pytest.fixture(scope="module")
def raw(book: Any) -> Array:
    """Three customers."""
    found: Array = book.raw[:, :3]
    return found


# ---- what is understood ----------------------------------------------------------------------------------------------


@given(several)
def test_every_protocol_reads_the_same_numbers(raw: Array):
    objects = [dict(zip(NAMES, row, strict=True)) for row in raw.T.tolist()]
    frame = dict(zip(NAMES, raw.tolist(), strict=True))
    asked = [
        requests.oip(oip(raw), CONTRACT, MOST),
        requests.kserve({"instances": objects}, CONTRACT, MOST),
        requests.kserve({"instances": raw.T.tolist()}, CONTRACT, MOST),
        requests.mlflow(split(raw), CONTRACT, MOST),
        requests.mlflow({"dataframe_records": objects}, CONTRACT, MOST),
        requests.mlflow({"instances": objects}, CONTRACT, MOST),
        requests.mlflow({"inputs": frame}, CONTRACT, MOST),
    ]
    assert all(each.raw.tobytes() == np.ascontiguousarray(raw).tobytes() for each in asked)


@given(several)
def test_numbers_come_through_json_bit_for_bit(raw: Array):
    body = orjson.loads(orjson.dumps(oip(raw)))
    assert requests.oip(body, CONTRACT, MOST).raw.tobytes() == np.ascontiguousarray(raw).tobytes()


@given(several, st.permutations(range(len(NAMES))))
def test_the_order_of_columns_does_not_matter(raw: Array, order: list[int]):
    body = {"inputs": [tensors(raw)[k] for k in order]}
    assert (requests.oip(body, CONTRACT, MOST).raw == raw).all()
    frame = {"columns": [NAMES[k] for k in order], "data": raw[order].T.tolist()}
    assert (requests.mlflow({"dataframe_split": frame}, CONTRACT, MOST).raw == raw).all()


@given(st.lists(st.sampled_from(OUTPUTS), max_size=6))
def test_any_outputs_can_be_asked_for_and_each_is_given_once(outputs: list[str]):
    body = oip(records_of_one(), outputs=[{"name": name} for name in outputs])
    assert requests.oip(body, CONTRACT, MOST).outputs == (tuple(dict.fromkeys(outputs)) or ("predict_proba",))


def test_a_flat_and_a_nested_column_are_the_same(raw: Array):
    nested = [{**each, "data": [[value] for value in each["data"]]} for each in tensors(raw)]
    flat = [{**each, "shape": [raw.shape[1]]} for each in tensors(raw)]
    assert (requests.oip({"inputs": nested}, CONTRACT, MOST).raw == raw).all()
    assert (requests.oip({"inputs": flat}, CONTRACT, MOST).raw == raw).all()


def test_a_coded_field_takes_the_words_of_its_codes(raw: Array):
    k = CONTRACT.row[CODED.name]
    body = oip(raw)
    words = [CODED.codes[int(code)] for code in raw[k]]
    body["inputs"][k] |= {"datatype": "BYTES", "data": words}
    assert (requests.oip(body, CONTRACT, MOST).raw == raw).all()


def test_null_is_a_missing_value_and_refused_where_the_contract_allows_none(raw: Array):
    body = oip(raw)
    body["inputs"][0]["data"][1] = None
    with pytest.raises(Missing, match=r"Row 1: .* is missing"):
        requests.oip(body, CONTRACT, MOST)


@given(st.from_regex(requests.IDENTITY, fullmatch=True))
def test_an_identity_is_kept(identity: str):
    assert requests.oip(oip(records_of_one(), id=identity), CONTRACT, MOST).id == identity


# ---- what is not -----------------------------------------------------------------------------------------------------


@given(st.sampled_from(READERS), anything)
def test_whatever_is_sent_is_read_or_refused(reader: Callable[..., Any], body: Any):
    with pytest.raises(BadInput):
        reader(body, CONTRACT, MOST)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_is_sent_as_csv_is_refused(text: bytes):
    head = ",".join(NAMES).encode() + b"\n"
    for body in (text, head + text, head + text + b"\n" + text):
        with pytest.raises(BadInput):
            requests.mlflow_csv(body, CONTRACT, MOST)


@given(st.sampled_from(["inputs", "outputs", "id", "parameters", "more"]), anything)
def test_no_part_of_a_request_breaks_it(part: str, value: Any):
    asked = read_or_refused({**oip(records_of_one()), part: value})
    assert isinstance(asked, str) or (asked.raw == records_of_one()).all()


@given(st.sampled_from(["name", "shape", "datatype", "data", "parameters", "more"]), anything, st.data())
def test_no_part_of_a_tensor_breaks_it(part: str, value: Any, data: st.DataObject):
    body = oip(records_of_one())
    tensor = data.draw(st.sampled_from(body["inputs"]))
    tensor[part] = value
    asked = read_or_refused(body)
    assert isinstance(asked, str) or (asked.raw.shape == (len(NAMES), 1) and np.isfinite(asked.raw).all())


@given(
    st.sampled_from(["dataframe_split", "dataframe_records", "instances", "inputs", "params"]),
    anything | st.fixed_dictionaries({"columns": anything, "data": anything}),
)
def test_no_frame_breaks_the_reader(part: str, value: Any):
    with pytest.raises(BadInput):
        requests.mlflow({part: value}, CONTRACT, MOST)


@given(st.floats(allow_nan=True) | st.integers() | st.integers(10**300, 10**320), st.data())
def test_a_number_is_taken_as_it_is_or_refused(value: float, data: st.DataObject):
    body = oip(records_of_one())
    k = data.draw(st.integers(0, len(NAMES) - 1))
    body["inputs"][k]["data"] = [value]
    asked = read_or_refused(body)
    assert isinstance(asked, str) or asked.raw[k, 0] == value
    assert isinstance(asked, str) or not math.isnan(value)


@given(not_numbers, st.data())
def test_what_is_no_number_is_refused_by_the_fields_name(value: Any, data: st.DataObject):
    body = oip(records_of_one())
    k = data.draw(st.integers(0, len(NAMES) - 1))
    body["inputs"][k]["data"] = [value]
    assert CONTRACT.record[k].name in refused(body) or CONTRACT.record[k].label in refused(body)


@pytest.mark.parametrize("shape", [[], [2, 1], [3, 2], [1, 3], [3, 1, 1], [-1, 1], [3.0, 1], [True], "3", None, [None]])
def test_a_shape_that_is_not_the_datas_is_refused(raw: Array, shape: Any):
    body = oip(raw)
    body["inputs"][0]["shape"] = shape
    assert "must have the shape [n] or [n, 1]" in refused(body)


@pytest.mark.parametrize("datatype", ["BYTES", "BOOL", "FP8", "fp64", "", None, 64, ["FP64"]])
def test_a_datatype_there_is_none_of_is_refused_with_those_there_are(raw: Array, datatype: Any):
    body = oip(raw)
    body["inputs"][CONTRACT.row[PLAIN.name]]["datatype"] = datatype
    told = refused(body)
    assert "must have the datatype FP64" in told
    assert all(each in told for each in requests.DATATYPES)


@given(several, st.sampled_from([*requests.WHOLE, *requests.SHORT]))
def test_a_datatype_that_holds_every_value_reads_the_same_numbers(raw: Array, datatype: str):
    raw = raw + 0.0  # no whole number is -0.0
    body = oip(raw)
    held = {**dict.fromkeys(requests.WHOLE, np.trunc), "FP32": np.float32, "FP16": np.float16}[datatype]
    low, high = requests.WHOLE.get(datatype, (-np.inf, np.inf))
    with np.errstate(over="ignore"):
        for tensor, row in zip(body["inputs"], raw, strict=True):
            if (held(row) == row).all() and (row >= low).all() and (row <= high).all():
                tensor["datatype"] = datatype
                if datatype in requests.WHOLE:
                    tensor["data"] = [int(each) for each in row]
    assert requests.oip(body, CONTRACT, MOST).raw.tobytes() == np.ascontiguousarray(raw).tobytes()


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        ("INT64", 20000.5),
        ("INT32", 2**31),
        ("INT16", 32_768),
        ("INT8", 128),
        ("INT8", -129),
        ("UINT8", 256),
        ("UINT8", -1),
        ("UINT64", -1),
        ("UINT16", 65_536),
        ("INT64", 1e300),
        ("FP32", 20000.1),
        ("FP32", 16_777_217),
        ("FP16", 20_001),
        ("FP16", 70_000),
        ("FP32", 1e39),
    ],
)
def test_a_value_that_its_own_datatype_cannot_hold_is_refused(raw: Array, datatype: str, value: float):
    body = oip(raw)
    body["inputs"][0] |= {"datatype": datatype, "data": [20_000, 20_000, value]}
    told = refused(body)
    assert f"which {datatype} cannot" in told
    assert "Send FP64" in told


@pytest.mark.parametrize("datatype", ["FP64", "INT64", "UINT64"])
@pytest.mark.parametrize("value", [2**53 + 1, 2**62 + 1, 2**63 - 1])
def test_a_whole_number_that_no_float_is_is_refused_with_the_largest_that_is(raw: Array, datatype: str, value: int):
    body = oip(raw)
    body["inputs"][0] |= {"datatype": datatype, "data": [20_000, 20_000, value]}
    assert "9,007,199,254,740,992" in refused(body)
    assert str(value) in refused(body)


def made_up(old: str, new: str) -> Contract:
    """The contract of the made-up loans with a change."""
    assert old in second_book.CONTRACT
    return read_contract(second_book.CONTRACT.replace(old, new, 1).encode())


def loan(**values: Any) -> list[dict[str, Any]]:
    """The tensors of one made-up loan."""
    given = {"limit": 1000, "balance": 500, "late": 0} | values
    return [{"name": n, "shape": [1], "datatype": "FP64", "data": [value]} for n, value in given.items()]


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**53 - 1, 2**60, 0])
@pytest.mark.parametrize("datatype", ["INT64", "FP64"])
def test_whole_numbers_are_taken_as_long_as_a_float_holds_them(value: int, datatype: str):
    contract = made_up("minimum = 0\nmaximum = 9000", "minimum = -1e19\nmaximum = 1e19")
    tensors = loan(balance=value)
    tensors[1]["datatype"] = datatype
    assert requests.oip({"inputs": tensors}, contract, MOST).raw[contract.row["balance"], 0] == value


@pytest.mark.parametrize("datatype", ["INT32", "UINT64", "FP32"])
def test_null_is_a_missing_value_in_every_datatype(raw: Array, datatype: str):
    body = oip(raw)
    body["inputs"][0] |= {"datatype": datatype, "data": [20_000, None, 20_000]}
    with pytest.raises(Missing, match=r"Row 1: .* is missing"):
        requests.oip(body, CONTRACT, MOST)


@pytest.mark.parametrize("value", [True, False])
def test_a_field_of_the_codes_0_and_1_takes_true_and_false(value: bool):
    contract = made_up(
        'maximum = 6\nstep = 1\ndirection = 1\nmutability = "free"\nconcept = "trouble"\n',
        'maximum = 1\nstep = 1\ndirection = 1\nmutability = "free"\nconcept = "trouble"\n'
        'codes = { 0 = "no", 1 = "yes" }\n',
    )
    tensors = loan(late=value)
    tensors[2]["datatype"] = "BOOL"
    lines = f"late,limit,balance\n{value},1000,500\n".encode()
    for asked in (
        requests.oip({"inputs": tensors}, contract, MOST),
        requests.kserve({"instances": [{"limit": 1000, "balance": 500, "late": value}]}, contract, MOST),
        requests.mlflow_csv(lines, contract, MOST),
    ):
        assert asked.raw[contract.row["late"], 0] == value


@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_no_numbers_and_no_code_of_several(value: bool):
    for field in (PLAIN, CODED):
        body = oip(records_of_one())
        body["inputs"][CONTRACT.row[field.name]]["data"] = [value]
        assert f"{value} was given" in refused(body)


def test_several_values_for_one_row_are_refused(raw: Array):
    body = oip(raw[:, :2])
    body["inputs"][0]["data"] = [[20_000, 30_000]]
    assert "must have the shape" in refused(body)


def test_columns_of_unequal_length_are_refused(raw: Array):
    body = oip(raw)
    body["inputs"][1] |= {"shape": [2, 1], "data": body["inputs"][1]["data"][:2]}
    assert "same number of rows" in refused(body)
    assert "same number of rows" in refused({"inputs": {"limit": [1, 2], "status_1": [1]}}, requests.mlflow)


def test_absent_unknown_and_repeated_columns_are_all_named(raw: Array):
    body = oip(raw)
    body["inputs"][0] = {**body["inputs"][0], "name": NAMES[1]}
    body["inputs"].append({**body["inputs"][0], "name": "shoe_size"})
    told = refused(body)
    assert f"Missing: {NAMES[0]}; unknown: shoe_size; given twice: {NAMES[1]}." in told


def test_a_word_that_is_no_code_is_told_with_those_that_are(raw: Array):
    body = oip(raw)
    k = CONTRACT.row[CODED.name]
    body["inputs"][k] |= {"datatype": "BYTES", "data": ["on time", *map(str, raw[k, 1:])]}
    assert all(word in refused(body) for word in CODED.codes.values())


def test_an_output_there_is_none_of_is_told_with_those_there_are(raw: Array):
    told = refused(oip(raw, outputs=[{"name": "label"}]))
    assert told == f"There is no output 'label'. There are: {', '.join(OUTPUTS)}."


@pytest.mark.parametrize("outputs", [{}, "", 0, False, ["predict_proba"], [None], {"name": "decision"}])
def test_outputs_that_are_no_list_of_objects_are_refused(raw: Array, outputs: Any):
    assert "output" in refused(oip(raw, outputs=outputs))


@pytest.mark.parametrize("identity", ["", "a b", "é", "x" * 65, "a\n", 7, [], {}, False])
def test_an_identity_that_cannot_be_recorded_is_refused(raw: Array, identity: Any):
    assert "id of a request" in refused(oip(raw, id=identity))


@pytest.mark.parametrize(
    ("reader", "body"),
    [
        (requests.oip, {"inputs": []}),
        (requests.oip, {"inputs": [{"name": n, "shape": [0, 1], "datatype": "FP64", "data": []} for n in NAMES]}),
        (requests.kserve, {"instances": []}),
        (requests.kserve, {"instances": [{}]}),
        (requests.kserve, {"instances": [[]]}),
        (requests.mlflow, {"dataframe_split": {"columns": NAMES, "data": []}}),
        (requests.mlflow, {"dataframe_split": {"columns": [], "data": []}}),
        (requests.mlflow, {"dataframe_records": []}),
        (requests.mlflow, {"instances": []}),
        (requests.mlflow, {"inputs": {}}),
        (requests.mlflow, {"inputs": {name: [] for name in NAMES}}),
        (requests.mlflow, {}),
    ],
)
def test_a_request_without_a_row_is_refused(reader: Callable[..., Any], body: Any):
    assert refused(body, reader)


def test_as_many_rows_as_allowed_are_read_and_one_more_is_not(raw: Array):
    assert requests.oip(oip(np.repeat(raw[:, :1], MOST, 1)), CONTRACT, MOST).raw.shape[1] == MOST
    with pytest.raises(TooMuch, match="51 rows; at most 50"):
        requests.oip(oip(np.repeat(raw[:, :1], MOST + 1, 1)), CONTRACT, MOST)


def test_the_row_that_is_wrong_is_told(raw: Array):
    many = np.repeat(raw[:, :1], 40, 1)
    many[0, 17] = -1
    assert refused(oip(many)).startswith("Row 17: ")


@pytest.mark.parametrize("depth", [50, 900])
@pytest.mark.parametrize("reader", READERS)
def test_deep_nesting_is_refused_briefly(reader: Callable[..., Any], depth: int):
    deep: Any = 1
    for _ in range(depth):
        deep = [deep]
    for body in (deep, {"inputs": deep}, {"instances": deep}, {"inputs": [{"name": deep}]}, {"dataframe_split": deep}):
        assert len(refused(body, reader)) < 500


def test_very_many_columns_are_refused_at_once():
    columns = [f"column_{k}" for k in range(200_000)]  # a count of each among all would take minutes
    told = refused({"dataframe_split": {"columns": columns, "data": [[0] * len(columns)]}}, requests.mlflow)
    assert len(told) < 2000
