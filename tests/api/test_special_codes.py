"""Special codes as programs send them: the code, or its words; anything else is refused with what may be."""

import numpy as np
import orjson
import pytest

from data.arrays import Array
from data.contract import Contract
from data.errors import BadInput
from model.api import requests
from model.scoring.stream.messages import Message, read_applications
from model.scoring.stream.schemas import application_schema
from tests.support.special_book import special_contract

ROWS = [{"one": "no record", "two": None, "three": 3}, {"one": -8, "two": 1.0, "three": 0}]
RAW = [[-9.0, -8.0], [np.nan, 1.0], [3.0, 0.0]]


@pytest.fixture(scope="module")
def special() -> Contract:
    """The contract of a book with special codes."""
    return special_contract()


def _oip(contract: Contract) -> Array:
    words = {"name": "one", "shape": [2], "datatype": "BYTES", "data": ["no record", "no trades"]}
    others = [
        {"name": name, "shape": [2], "datatype": "FP64", "data": [row[name] for row in ROWS]}
        for name in ("two", "three")
    ]
    return requests.oip({"inputs": [words, *others]}, contract, 9).raw


def test_every_protocol_takes_a_code_or_its_words(special: Contract):
    np.testing.assert_equal(requests.kserve({"instances": ROWS}, special, 9).raw, RAW)
    np.testing.assert_equal(_oip(special), RAW)
    csv = b"one,two,three\nno record,,3\n-8,1.0,0\n"
    np.testing.assert_equal(requests.mlflow_csv(csv, special, 9).raw, RAW)


def test_other_words_are_refused_with_what_may_be(special: Contract):
    with pytest.raises(BadInput, match="one has no 'unknown'; there are: numbers, no record, no trades"):
        requests.kserve({"instances": [{**ROWS[1], "one": "unknown"}]}, special, 9)
    with pytest.raises(BadInput, match=r"one must be 0 to 9, or -9 \(no record\) or -8 \(no trades\); -7 was given"):
        requests.kserve({"instances": [{**ROWS[1], "one": -7}]}, special, 9)


def test_a_stream_takes_a_code_or_its_words_and_its_schema_says_so(special: Contract):
    messages = [Message("t", 0, k, 0, None, orjson.dumps({"id": k, **row})) for k, row in enumerate(ROWS)]
    read = read_applications(special, messages)
    np.testing.assert_equal(read.raw, RAW)
    assert read.refused == ()
    within, codes = application_schema(special)["properties"]["one"]["anyOf"]
    assert (within["minimum"], within["maximum"]) == (0, 9)
    assert codes["enum"] == [-9, -8, "no record", "no trades"]
