"""Servers of the Triton kind: datatypes and shapes as their metadata name them, bytes, batches, versions, classes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import BadInput, ContractError
from model.deployed.remote import COSTED, RemoteScorer, connect, drawn_records
from model.engine.tables import probability
from model.errors import Changed, Refused
from model.settings import Settings
from tests.support.stand_in import MAPPING, bank
from tests.support.strict_server import StrictServer, strict

NAMES = ["LIMIT", "LATE", "USE", "PAID"]

pytestmark = pytest.mark.usefixtures("unsurveyed")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "bank.toml"
    path.write_text(MAPPING)
    return path


def at(server: StrictServer, mapping: Path | None, **more: Any) -> Settings:
    return Settings(**{"model_url": server.url, "model_timeout": 5.0, "model_mapping": mapping, **more})


def alone(shape: list[int], **kinds: str) -> list[tuple[str, str, list[int]]]:
    return [(name, kinds.get(name, "FP32"), shape) for name in NAMES]


def inputs_of(raw: Array, contract: Contract) -> dict[str, Array]:
    row = contract.row
    limit = raw[row["limit"]]
    use = np.floor(raw[row["bill_1"]].clip(0) / limit * 1e4 + 0.500001) / 1e4
    return {"LIMIT": limit, "LATE": raw[row["status_1"]].clip(0), "USE": use, "PAID": raw[row["paid_1"]]}


def expected(raw: Array, contract: Contract, precision: Any = np.float32) -> Array:
    """The bank's PD (n,) of what arrives in a precision, in single precision as it comes back."""
    arrived = {name: each.astype(precision).astype(float) for name, each in inputs_of(raw, contract).items()}
    return bank(arrived).astype(np.float32).astype(float)


def pd_of(scorer: RemoteScorer, book: Book, n: int = 40) -> Array:
    return scorer.pd(book.raw[:, :n])


STACKED = [("input", "FP32", [-1, 4])]
SERVED = {
    "a column each, [n, 1]": StrictServer(alone([-1, 1])),
    "a column each, [n]": StrictServer(alone([-1])),
    "of several types": StrictServer(alone([-1, 1], LIMIT="INT64", LATE="INT32", PAID="UINT32", USE="FP64")),
    "small integers": StrictServer(alone([-1], LATE="INT8")),
    "one tensor": StrictServer(STACKED, named={"input": NAMES}),
    "one tensor of any width": StrictServer([("x", "FP32", [-1, -1])], named={"x": NAMES}),
    "one tensor of three dimensions": StrictServer([("x", "FP32", [-1, 1, 4])], named={"x": NAMES}),
    "one tensor of open dimensions": StrictServer([("x", "FP32", [-1, -1, 1])], named={"x": NAMES}),
    "one record at a time": StrictServer([("x", "FP32", [1, 4])], named={"x": NAMES}),
    "eight records exactly": StrictServer([("x", "FP32", [8, 4])], named={"x": NAMES}),
    "a batch of seven": StrictServer(STACKED, named={"input": NAMES}, batch=7),
    "a batch that nobody tells": StrictServer(STACKED, named={"input": NAMES}, batch=7, configured=False),
    "one tensor beside a column": StrictServer(
        [("rest", "FP32", [-1, 3]), ("LATE", "INT64", [-1, 1])], named={"rest": ["LIMIT", "USE", "PAID"]}
    ),
    "never said to be ready": StrictServer(alone([-1, 1]), ready=False),
    "probabilities alone": StrictServer(
        STACKED, [("probability", "FP32", [-1])], named={"input": NAMES}, answers=lambda pd: pd
    ),
    "labels beside probabilities": StrictServer(
        STACKED, [("label", "INT64", [-1]), ("probabilities", "FP32", [-1, 2])], named={"input": NAMES}
    ),
    "double precision": StrictServer(
        alone([-1, 1], **dict.fromkeys(NAMES, "FP64")), [("predict_proba", "FP64", [-1, 2])]
    ),
}


@pytest.mark.parametrize("binary", [True, False], ids=["bytes", "json"])
@pytest.mark.parametrize("name", SERVED)
def test_server_is_asked_in_the_types_and_shapes_that_its_metadata_name(
    name: str, binary: bool, written: Path, book: Book, contract: Contract
):
    server = SERVED[name]
    server.binary = binary
    with strict(server), connect(at(server, written), book, contract) as scorer:
        exact = name == "double precision"
        truth = expected(book.raw[:, :40], contract, float if exact else np.float32)
        np.testing.assert_allclose(pd_of(scorer, book), truth, rtol=0, atol=2e-7)
        assert scorer.health().well
        if scorer.form.fixed:
            return  # as many calls as records
        reasons = scorer.reasons(book.raw[:, :1])
        margins = scorer.margins(book.raw[:, :1])
        np.testing.assert_allclose(reasons.base + reasons.values.sum(0), margins, rtol=0, atol=1e-5)
        sent = [headers for method, _, headers in server.seen if method == "POST"]
        assert all(("inference-header-content-length" in each) is binary for each in sent[-3:])


@pytest.mark.parametrize("datatype", ["FP16", "BF16"])
def test_sixteen_bits_go_as_bytes_because_json_has_no_form_of_them(
    datatype: str, written: Path, book: Book, contract: Contract
):
    server = StrictServer(
        [("input", datatype, [-1, 4])],
        named={"input": NAMES},
        model=lambda columns: probability(columns["LATE"] - 2.0),
        answers=lambda pd: pd,
        outputs=[("pd", datatype, [-1, 1])],
    )
    small = written.with_name("small.toml")
    small.write_text(MAPPING.replace('"limit"', '"limit / 1000"', 1).replace('"paid_1"', '"min(paid_1, 1000)"'))
    with strict(server), connect(at(server, small), book, contract) as scorer:
        truth = probability(inputs_of(book.raw[:, :40], contract)["LATE"] - 2.0)
        np.testing.assert_allclose(pd_of(scorer, book), truth, rtol=0, atol=4e-3)
    server.binary = False
    with strict(server), pytest.raises(Refused, match=r"input as .*16, which JSON has no form of.*FP32"):
        connect(at(server, small), book, contract)


def test_words_are_sent_for_the_numbers_of_a_category(tmp_path: Path, book: Book, contract: Contract):
    path = tmp_path / "words.toml"
    path.write_text(f"{MAPPING}[words.LATE]\n" + "\n".join(f'{k} = "{k} months"' for k in range(9)))

    def model(columns: Mapping[str, Any]) -> Array:
        late = np.array([float(each.split()[0]) for each in columns["LATE"]])
        return bank({**columns, "LATE": late})

    for binary in (True, False):
        server = StrictServer(alone([-1, 1], LATE="BYTES"), model=model, binary=binary)
        with strict(server), connect(at(server, path), book, contract) as scorer:
            np.testing.assert_allclose(pd_of(scorer, book), expected(book.raw[:, :40], contract), rtol=0, atol=2e-7)


def test_yes_and_no_are_sent_as_truth_values(tmp_path: Path, book: Book, contract: Contract):
    path = tmp_path / "bool.toml"
    path.write_text(MAPPING.replace('"max(status_1, 0)"', '"status_1 > 0"'))
    for binary in (True, False):
        server = StrictServer(alone([-1, 1], LATE="BOOL"), binary=binary)
        with strict(server), connect(at(server, path), book, contract) as scorer:
            raw = book.raw[:, :40]
            late = (inputs_of(raw, contract)["LATE"] > 0).astype(float)
            arrived = {k: v.astype(np.float32).astype(float) for k, v in inputs_of(raw, contract).items()}
            np.testing.assert_allclose(pd_of(scorer, book), bank({**arrived, "LATE": late}), rtol=0, atol=2e-7)


@pytest.mark.parametrize(
    ("kinds", "text", "error", "words"),
    [
        ({"USE": "INT64"}, MAPPING, BadInput, r"takes USE as INT64, and its formula comes to 0\.\d+\. Round it"),
        ({"LIMIT": "INT8"}, MAPPING, BadInput, r"takes LIMIT as INT8.*comes to \d+"),
        ({"LATE": "BOOL"}, MAPPING, BadInput, "takes LATE as BOOL"),
        ({"LATE": "BYTES"}, MAPPING, ContractError, r"LATE as words.*\[words\.LATE\]"),
        ({"LATE": "BYTES"}, f'{MAPPING}[words.LATE]\n0 = "none"', BadInput, r"has none for \d\. Add it"),
        ({"LIMIT": "FP8"}, MAPPING, Refused, "LIMIT as FP8, which is none of the types known"),
        (
            {"LIMIT": "INT64"},
            MAPPING.replace('"limit"', '"where(paid_1 > 1e9, 1, missing)"'),
            BadInput,
            "comes to a gap. Fill it",
        ),
    ],
)
def test_number_that_is_none_of_the_servers_type_is_refused_and_never_rounded(
    kinds: dict[str, str], text: str, error: Any, words: str, tmp_path: Path, book: Book, contract: Contract
):
    path = tmp_path / "bank.toml"
    path.write_text(text)
    server = StrictServer(alone([-1, 1], **kinds), model=lambda columns: np.full(len(columns["USE"]), 0.25))
    with strict(server), pytest.raises(error, match=words), connect(at(server, path), book, contract) as scorer:
        scorer.pd(book.raw)


def test_gap_is_sent_as_bytes_that_are_no_number(tmp_path: Path, book: Book, contract: Contract):
    path = tmp_path / "gap.toml"
    path.write_text(MAPPING.replace('"paid_1"', '"where(bill_2 > 0, paid_1, missing)"'))
    arrived: list[Array] = []

    def model(columns: Mapping[str, Array]) -> Array:
        arrived.append(columns["PAID"])
        return bank({**columns, "PAID": np.nan_to_num(columns["PAID"])})

    server = StrictServer(alone([-1, 1]), model=model)
    with strict(server), connect(at(server, path), book, contract) as scorer:
        pd_of(scorer, book)
    gaps = book.raw[contract.row["bill_2"], :40] <= 0
    assert gaps.any()
    np.testing.assert_array_equal(np.isnan(arrived[-1]), gaps)


# ---- batches ---------------------------------------------------------------------------------------------------------


def test_batch_is_no_larger_than_the_configuration_says(written: Path, book: Book, contract: Contract):
    server = StrictServer(alone([-1, 1]), batch=32)
    with strict(server), connect(at(server, written), book, contract) as scorer:
        scorer.margins(book.raw[:, :100])
        assert max(server.asked) == 32


def test_largest_batch_is_learned_from_one_refusal_and_kept(written: Path, book: Book, contract: Contract):
    server = StrictServer(alone([-1, 1]), batch=500, configured=False)
    with strict(server), connect(at(server, written), book, contract) as scorer:
        scorer.margins(book.raw[:, :1200])
        asked = len(server.seen)
        scorer.margins(book.raw[:, :1200])
        assert len(server.seen) - asked == 3
        assert scorer.size.most == 500


@pytest.mark.parametrize("status", [400, 413])
def test_limit_without_a_number_is_found_by_halving(status: int, written: Path, book: Book, contract: Contract):
    server = StrictServer(alone([-1, 1]), configured=False)
    answer = server._infer

    def refusing(version: str, headers: dict[str, str], body: bytes) -> Any:
        if len(body) > 9000:
            return status, {}, b'{"error": "too large"}' if status == 400 else b"<html>413</html>"
        return answer(version, headers, body)

    server._infer = refusing  # type: ignore[method-assign]
    with strict(server), connect(at(server, written), book, contract) as scorer:
        assert scorer.margins(book.raw[:, :1500]).shape == (1500,)
        assert 1 < scorer.size.most < 1000


# ---- versions, classes, names ----------------------------------------------------------------------------------------


def test_version_may_stand_in_the_address_or_the_settings(written: Path, book: Book, contract: Contract):
    server = StrictServer(alone([-1, 1]))
    with strict(server):
        for more in (
            {"model_version": "1"},
            {"model_url": f"{server.url}/v2/models/credit/versions/1"},
            {"model_url": f"{server.url}/v2/models/credit/versions/1/infer", "model_name": "other"},
        ):
            with connect(at(server, written, **more), book, contract) as scorer:
                assert (scorer.about.protocol, scorer.about.name, scorer.about.version) == ("oip", "credit", "1")
        posted = {path for method, path, _ in server.seen if method == "POST"}
        assert posted == {"/v2/models/credit/versions/1/infer"}
        with connect(at(server, written), book, contract) as scorer:
            assert scorer.about.version == "3"
        with pytest.raises(Refused, match="unknown model"):
            connect(at(server, written, model_version="2", model_protocol="oip"), book, contract)


@pytest.mark.parametrize("more", [{"model_protocol": "mlflow"}, {"model_version": "4"}], ids=["protocol", "version"])
def test_address_that_contradicts_the_settings_is_told(
    more: dict[str, Any], written: Path, book: Book, contract: Contract
):
    settings = Settings(model_url="http://127.0.0.1:9/v2/models/credit/versions/1", **more)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="WHATIF_MODEL_URL leads to"):
        connect(settings, book, contract)


@pytest.mark.parametrize(
    ("output", "works"),
    [
        ("column = 2", True),
        ('column = "default"\nclasses = ["good", "late", "default"]', True),
        ("", False),
        ("column = 3", False),
        ('column = "bad"', False),
    ],
)
def test_of_more_than_two_classes_the_column_is_named(
    output: str, works: bool, tmp_path: Path, book: Book, contract: Contract
):
    path = tmp_path / "three.toml"
    path.write_text(f"{MAPPING}[output]\n{output}")
    three = StrictServer(
        alone([-1, 1]),
        [("predict_proba", "FP32", [-1, 3])],
        answers=lambda pd: np.stack([0.5 * (1 - pd), 0.5 * (1 - pd), pd], axis=1),
    )
    with strict(three):
        if works:
            with connect(at(three, path), book, contract) as scorer:
                np.testing.assert_allclose(pd_of(scorer, book), expected(book.raw[:, :40], contract), atol=2e-7)
        else:
            with pytest.raises(Refused, match=r"column = its place"):
                connect(at(three, path), book, contract)


def test_tensors_of_the_mapping_say_what_metadata_cannot(tmp_path: Path, book: Book, contract: Contract):
    path = tmp_path / "two.toml"
    path.write_text(f'{MAPPING}[tensors]\na = ["PAID", "LATE"]\nb = ["USE", "LIMIT"]')
    named = {"a": ["PAID", "LATE"], "b": ["USE", "LIMIT"]}
    server = StrictServer([("b", "FP32", [-1, 2]), ("a", "FP32", [-1, 2])], named=named)
    with strict(server), connect(at(server, path), book, contract) as scorer:
        np.testing.assert_allclose(pd_of(scorer, book), expected(book.raw[:, :40], contract), rtol=0, atol=2e-7)


def test_tensor_of_another_width_than_the_mapping_is_refused(written: Path, book: Book, contract: Contract):
    server = StrictServer([("x", "FP32", [-1, 6])])
    with strict(server), pytest.raises(Refused, match=r"x as one tensor of several columns.*\[-1, 6\].*gives 4: LIMIT"):
        connect(at(server, written), book, contract)


# ---- servers that present a model and say nothing of it -------------------------------------------------------------


DOUBLE = dict.fromkeys(NAMES, "FP64")


def untold(*outputs: tuple[str, str, list[int]], **more: Any) -> StrictServer:
    return StrictServer(alone([-1, 1], **DOUBLE), list(outputs), told=False, binary=False, versions=["1"], **more)


def test_model_that_understands_v1_is_asked_in_v1_though_it_is_presented_in_v2_as_well(
    written: Path, book: Book, contract: Contract
):
    """KServe's SDK offers both of every model."""
    server = untold(v1=True)
    with strict(server), connect(at(server, written), book, contract) as scorer:
        assert scorer.about.protocol == "kserve"
        np.testing.assert_allclose(pd_of(scorer, book), bank(inputs_of(book.raw[:, :40], contract)), atol=1e-12)
        assert scorer.health().well
    with strict(server), pytest.raises(Refused, match="'InferRequest' object is not subscriptable"):
        connect(at(server, written, model_protocol="oip"), book, contract)


def test_first_protocols_refusal_is_told_where_the_second_will_not_do_either(
    written: Path, book: Book, contract: Contract
):
    server = untold(v1=True)
    written.write_text('[inputs]\nLIMIT = "limit"')
    with strict(server), pytest.raises(Refused, match="'InferRequest' object is not subscriptable"):
        connect(at(server, written), book, contract)


def test_server_whose_metadata_name_inputs_is_asked_in_no_other_protocol(written: Path, book: Book, contract: Contract):
    server = StrictServer(alone([-1, 1], **DOUBLE), v1=True)
    with strict(server), pytest.raises(Refused, match="'InferRequest' object is not subscriptable"):
        connect(at(server, written), book, contract)
    assert not any("/v1/" in path for _, path, _ in server.seen)


LABEL, PROBA = ("label", "INT64", [-1]), ("output-0", "FP64", [-1, 2])


@pytest.mark.parametrize("outputs", [(PROBA,), (LABEL, PROBA)], ids=["alone", "beside labels"])
def test_output_that_nobody_named_is_the_only_one_with_numbers(
    outputs: tuple[tuple[str, str, list[int]], ...], written: Path, book: Book, contract: Contract
):
    server = untold(*outputs)
    with strict(server), connect(at(server, written), book, contract) as scorer:
        np.testing.assert_allclose(pd_of(scorer, book), bank(inputs_of(book.raw[:, :40], contract)), atol=1e-12)
        assert scorer.health().well


@pytest.mark.parametrize(
    ("outputs", "more"),
    [((PROBA, ("other", "FP64", [-1, 2])), ""), ((LABEL,), ""), ((PROBA,), '[output]\nname = "predict_proba"\n')],
    ids=["two", "none", "another named"],
)
def test_output_that_cannot_be_told_from_others_or_is_named_otherwise_is_refused_in_the_servers_words(
    outputs: tuple[tuple[str, str, list[int]], ...], more: str, written: Path, book: Book, contract: Contract
):
    server = untold(*outputs)
    written.write_text(MAPPING + more)
    with strict(server), pytest.raises(Refused, match="400: unexpected parameters: content_type"):
        connect(at(server, written), book, contract)


# ---- what single precision costs, and what repeats -------------------------------------------------------------------


def test_cost_of_single_precision_is_that_of_the_rounding(tmp_path: Path, book: Book, contract: Contract):
    """A step at 0.3, which single precision has as 0.30000001: all customers at it move, whatever side they fall on."""
    path = tmp_path / "step.toml"
    path.write_text(MAPPING.replace('"round(max(bill_1, 0) / limit, 4)"', '"where(paid_1 > 1500, 0.3, 0.25)"'))
    near = float(np.float32(0.3))

    def model(columns: Mapping[str, Array]) -> Array:
        return np.where(columns["USE"] >= near, 0.4, 0.1)

    server = StrictServer(alone([-1, 1]), model=model)
    with strict(server), connect(at(server, path), book, contract) as scorer:
        cost = scorer.cost
    assert cost is not None
    beyond = int((drawn_records(book, COSTED)[contract.row["paid_1"]] > 1500).sum())
    assert 0 < beyond < cost.customers == COSTED
    assert (cost.datatypes, cost.inputs, cost.moved) == (("FP32",), ("USE",), beyond)
    assert cost.worst == pytest.approx(0.3, abs=1e-6)


@pytest.mark.parametrize(("batch", "customers"), [(0, COSTED), (300, 300), (7, 50)])
def test_cost_is_measured_of_as_many_customers_as_a_call_may_hold(
    batch: int, customers: int, written: Path, book: Book, contract: Contract
):
    server = StrictServer(STACKED, named={"input": NAMES}, batch=batch)
    with strict(server), connect(at(server, written), book, contract) as scorer:
        assert scorer.cost is not None
        assert scorer.cost.customers == customers


def test_what_single_precision_holds_exactly_costs_nothing(tmp_path: Path, book: Book, contract: Contract):
    path = tmp_path / "whole.toml"
    path.write_text(MAPPING.replace('"round(max(bill_1, 0) / limit, 4)"', '"count(status >= 1)"'))
    server = StrictServer(alone([-1, 1]))
    with strict(server), connect(at(server, path), book, contract) as scorer:
        assert scorer.cost is not None
        assert (scorer.cost.inputs, scorer.cost.worst, scorer.cost.moved) == ((), 0.0, 0)
    double = StrictServer(alone([-1, 1], **dict.fromkeys(NAMES, "FP64")))
    with strict(double), connect(at(double, path), book, contract) as scorer:
        assert scorer.cost is None


def test_model_whose_last_bits_vary_stays_the_same_model_and_another_does_not(
    written: Path, book: Book, contract: Contract
):
    rng = np.random.default_rng(3)
    server = StrictServer(alone([-1, 1]), wrong=lambda pd: pd + rng.normal(0, 3e-7, len(pd)))
    with strict(server), connect(at(server, written), book, contract) as scorer:
        assert 1e-7 < scorer.repeats.spread < 2e-5
        for _ in range(20):
            assert scorer.health().well
            scorer.reasons(book.raw[:, :1])
        server.wrong = lambda pd: pd * 0.999
        assert "Another model answers" in scorer.health().trouble
        with pytest.raises(Changed):
            scorer.reasons(book.raw[:, :1])


def test_model_that_does_not_repeat_itself_is_refused(written: Path, book: Book, contract: Contract):
    rng = np.random.default_rng(3)
    server = StrictServer(alone([-1, 1]), wrong=lambda pd: (pd + rng.normal(0, 0.05, len(pd))).clip(0, 1))
    with strict(server), pytest.raises(Refused, match="does not repeat itself"):
        connect(at(server, written), book, contract)
