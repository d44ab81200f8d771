"""What is sent to a model elsewhere, and that its answers are probabilities or refused, whatever comes."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.deployed.dialects import DIALECTS, KSERVE, MLFLOW, OPEN_INFERENCE, About, Dialect, Predicted, complaint
from model.deployed.mapping import Output
from model.errors import Refused

ANY = Output()
COLUMNS = {"LIMIT": np.array([20000.0, 0.1 + 0.2]), "share": np.array([np.nan, 1e-300])}


def oip(data: Any, shape: list[Any], datatype: str = "FP64", name: str = "predict_proba", **more: Any) -> bytes:
    return orjson.dumps({"outputs": [{"name": name, "shape": shape, "datatype": datatype, "data": data}], **more})


def table(predictions: Any) -> bytes:
    return orjson.dumps({"predictions": predictions})


# ---- questions -------------------------------------------------------------------------------------------------------


def test_open_inference_sends_one_tensor_a_column_with_null_for_missing():
    body = orjson.loads(OPEN_INFERENCE.ask(COLUMNS, ANY, "abc"))
    assert body == {
        "id": "abc",
        "inputs": [
            {"name": "LIMIT", "shape": [2, 1], "datatype": "FP64", "data": [20000.0, 0.1 + 0.2]},
            {"name": "share", "shape": [2, 1], "datatype": "FP64", "data": [None, 1e-300]},
        ],
        "outputs": [{"name": "predict_proba"}],
        "parameters": {"content_type": "pd"},
    }


def test_open_inference_sends_our_own_service_no_parameters_and_asks_it_for_reasons():
    assert "parameters" not in orjson.loads(OPEN_INFERENCE.ask(COLUMNS, ANY, "abc", ours=True))
    body = orjson.loads(OPEN_INFERENCE.ask_reasons(COLUMNS, ANY, "abc"))
    assert [each["name"] for each in body["outputs"]] == ["predict_proba", "shap_values", "base_value"]


def test_kserve_sends_lists_in_the_order_of_the_columns():
    assert orjson.loads(KSERVE.ask(COLUMNS, ANY, "")) == {"instances": [[20000.0, None], [0.1 + 0.2, 1e-300]]}


def test_mlflow_sends_a_table_by_column():
    data = [[20000.0, None], [0.1 + 0.2, 1e-300]]
    assert orjson.loads(MLFLOW.ask(COLUMNS, ANY, "")) == {
        "dataframe_split": {"columns": ["LIMIT", "share"], "data": data}
    }


@given(st.lists(st.floats(allow_infinity=False, width=64), min_size=1, max_size=5))
def test_every_number_arrives_with_every_digit(values: list[float]):
    sent = orjson.loads(OPEN_INFERENCE.ask({"x": np.array(values)}, ANY, ""))["inputs"][0]["data"]
    np.testing.assert_array_equal([np.nan if each is None else each for each in sent], values)


def test_column_that_is_a_view_of_a_matrix_is_sent_all_the_same():
    matrix = np.arange(6.0).reshape(3, 2)
    assert orjson.loads(OPEN_INFERENCE.ask({"x": matrix[:, 1]}, ANY, ""))["inputs"][0]["data"] == [1, 3, 5]


@pytest.mark.parametrize(
    ("dialect", "path"),
    [(OPEN_INFERENCE, "/v2/models/a%2Fb/infer"), (KSERVE, "/v1/models/a%2Fb:predict"), (MLFLOW, "/invocations")],
)
def test_model_name_cannot_leave_its_place_in_the_path(dialect: Dialect, path: str):
    assert dialect.predict_path("a/b") == path


# ---- answers that can be read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ([0.25, 0.5], [2]),
        ([0.25, 0.5], [2, 1]),
        ([[0.25], [0.5]], [2, 1]),
        ([0.75, 0.25, 0.5, 0.5], [2, 2]),
        ([[0.75, 0.25], [0.5, 0.5]], [2, 2]),
    ],
)
def test_open_inference_probabilities_are_read_flat_or_nested_of_one_column_or_two(data: Any, shape: list[int]):
    found = OPEN_INFERENCE.read(oip(data, shape, model_version="v1", parameters={"artefact": "ab"}), 2, ANY)
    assert (found.pd.tolist(), found.version, found.artefact) == ([0.25, 0.5], "v1", "ab")


@pytest.mark.parametrize("dialect", [KSERVE, MLFLOW])
@pytest.mark.parametrize(
    "predictions",
    [
        [0.25, 0.5],
        [[0.25], [0.5]],
        [[0.75, 0.25], [0.5, 0.5]],
        [{"good": 0.75, "bad": 0.25}, {"good": 0.5, "bad": 0.5}],
        [{"a": 9, "b": 8, "predict_proba": 0.25}, {"a": 9, "b": 8, "predict_proba": 0.5}],
    ],
)
def test_predictions_are_read_as_numbers_lists_or_rows_of_a_table(dialect: Dialect, predictions: Any):
    assert dialect.read(table(predictions), 2, ANY).pd.tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    ("output", "given", "pd"),
    [
        (Output(column=0), [[0.25, 0.75], [0.5, 0.5]], [0.25, 0.5]),
        (Output(kind="percent"), [25, 100], [0.25, 1]),
        (Output(kind="percent"), [[75.0, 25.0], [0.0, 100.0]], [0.25, 1]),
        (Output(kind="log_odds"), [0.0, -1e6], [0.5, 0]),
        (ANY, [1.0000000001, -1e-12], [1, 0]),
        (ANY, [1.0, 0.0], [1, 0]),
    ],
)
def test_output_may_be_another_column_or_written_in_another_way(output: Output, given: Any, pd: list[float]):
    np.testing.assert_allclose(MLFLOW.read(table(given), 2, output).pd, pd, rtol=0, atol=1e-300)


@pytest.mark.parametrize("dialect", [KSERVE, MLFLOW])
@pytest.mark.parametrize(
    "given",
    [
        {"predict_proba": [0.25, 0.5]},
        {"probabilities": [[0.75, 0.25], [0.5, 0.5]], "classes": ["good", "bad"]},
        {"outputs": {"scores": {"predict_proba": [[0.25], [0.5]]}}},
        [{"label": "bad", "probabilities": [0.75, 0.25]}, {"label": "good", "probabilities": [0.5, 0.5]}],
        [{"scores": {"good": 0.75, "bad": 0.25}}, {"scores": {"good": 0.5, "bad": 0.5}}],
        [[[0.75, 0.25]], [[0.5, 0.5]]],
        [[0.25, 0.5]],
        [[[[0.25]]], [[[0.5]]]],
    ],
)
def test_predictions_are_found_however_they_are_nested(dialect: Dialect, given: Any):
    assert dialect.read(table(given), 2, ANY).pd.tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    ("output", "given"),
    [
        (Output(column=2), [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]]),
        (
            Output(column="default"),
            [{"good": 0.5, "late": 0.25, "default": 0.25}, {"good": 0, "late": 0.5, "default": 0.5}],
        ),
        (Output(column="default", classes=["default", "late", "good"]), [[0.25, 0.75, 0.0], [0.5, 0.25, 0.25]]),
        (Output(column=2), {"proba": [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]]}),
    ],
)
def test_of_several_classes_the_column_is_named(output: Output, given: Any):
    assert KSERVE.read(table(given), 2, output).pd.tolist() == [0.25, 0.5]


def test_bare_list_is_an_answer_of_older_mlflow_only():
    assert MLFLOW.read(b"[0.25, 0.5]", 2, ANY).pd.tolist() == [0.25, 0.5]
    with pytest.raises(Refused, match="no object"):
        KSERVE.read(b"[0.25, 0.5]", 2, ANY)


# ---- answers that cannot ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "not JSON"),
        (b"[1]", "no object"),
        (b"{}", "no list of outputs"),
        (orjson.dumps({"outputs": [{"name": "predict_proba"}]}), "without name, shape"),
        (oip([0.5, 0.5], [2], name="other"), "answered other"),
        (oip([1, 1], [2, 1], "INT64"), "class labels"),
        (oip(["bad", "good"], [2, 1], "BYTES"), "class labels"),
        (oip(["0.5", "0.5"], [2, 1]), "class labels"),
        (oip([0.5], [1]), r"1 numbers of the shape \[1\]. Needed is \[2\]"),
        (oip([0.5, 0.5, 0.5], [3]), r"Needed is \[2\]"),
        (oip([0.5, 0.5, 0.5], [2]), r"Needed is \[2\]"),
        (oip([0.5] * 6, [2, 3]), r"Needed is \[2\]"),
        (oip([0.5, 0.5], [-2]), "of the shape"),
        (oip([0.5, 0.5], ["2"]), "of the shape"),
        (oip([None, 0.5], [2]), "no number for 1 of 2"),
        (oip([1.2, 0.5], [2]), "between 0 and 1; 1.2 came"),
        (oip([50, 40], [2]), "between 0 and 1; 50 came"),
        (oip([-0.2, 0.5], [2]), "-0.2 came"),
        (oip([0.5, 0.4, 0.5, 0.5], [2, 2]), "do not add up to 1"),
        (oip([[0.5, 0.5], [0.5]], [2, 2]), "different length"),
        (oip([[[0.5]], [[0.5]]], [2]), "no numbers"),
        (oip({"0": 1}, [2]), "no list"),
    ],
)
def test_open_inference_answer_that_holds_no_probabilities_is_refused_and_says_what_came(body: bytes, words: str):
    with pytest.raises(Refused, match=words):
        OPEN_INFERENCE.read(body, 2, ANY)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1, 0], 'class labels.*pyfunc_predict_fn="predict_proba"'),
        ([0.5], "asked about 2 records and answered 1"),
        ([[0.1, 0.2, 0.7]] * 2, "3 numbers a record"),
        ([{"a": 0.5}, {"b": 0.5}], "differ in their columns"),
        ([{"a": 0.1, "b": 0.2, "c": 0.7}] * 2, r"columns a, b, c.*\[output\]"),
        ([{}, {}], "no number"),
        ([True, False], "class labels"),
    ],
)
def test_mlflow_answer_that_holds_no_probabilities_is_refused_and_says_what_to_do(given: Any, words: str):
    with pytest.raises(Refused, match=words):
        MLFLOW.read(table(given), 2, ANY)


def test_many_answers_of_nothing_but_0_and_1_are_class_labels_and_a_few_need_not_be():
    assert MLFLOW.read(table([0.0, 1.0] * 9), 18, ANY).pd.sum() == 9
    with pytest.raises(Refused, match="class labels"):
        MLFLOW.read(table([0.0, 1.0] * 10), 20, ANY)


def test_kserve_says_what_its_scikit_learn_server_needs():
    with pytest.raises(Refused, match="PREDICT_PROBA"):
        KSERVE.read(table([1, 0]), 2, ANY)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
near = st.fixed_dictionaries(
    {},
    optional={
        "predictions": st.lists(st.floats(0, 1) | st.lists(st.floats(0, 1), max_size=3) | anything, max_size=4)
        | anything,
        "outputs": st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.sampled_from(["predict_proba", "shap_values", "base_value"]) | anything,
                    "shape": st.lists(st.integers(0, 4) | anything, max_size=3) | anything,
                    "datatype": st.sampled_from(["FP64", "INT64", "BYTES"]) | anything,
                    "data": st.lists(st.floats(0, 1) | anything, max_size=6) | anything,
                }
            )
            | anything,
            max_size=3,
        )
        | anything,
        "parameters": anything,
        "model_version": anything,
        "inputs": st.lists(anything, max_size=3) | anything,
        "versions": anything,
        "platform": anything,
        "name": anything,
        "ready": anything,
        "error": anything,
    },
)
answers = st.binary(max_size=40) | (near | anything).map(orjson.dumps)


dialects = st.sampled_from(list(DIALECTS.values()))
kinds = st.sampled_from(["probability", "percent", "log_odds"])


@given(answers, dialects, st.integers(1, 4), kinds)
def test_whatever_comes_is_probabilities_or_refused(body: bytes, dialect: Dialect, rows: int, kind: Any):
    try:
        found = dialect.read(body, rows, Output(kind=kind))
    except Refused as refused:
        told = str(refused)
    else:
        told = ""
        assert isinstance(found, Predicted)
        assert found.pd.shape == (rows,)
        assert ((found.pd >= 0) & (found.pd <= 1)).all()
    assert len(told) < 700


@given(answers, st.integers(1, 4), st.integers(1, 3))
def test_whatever_comes_is_reasons_or_refused(body: bytes, rows: int, parts: int):
    try:
        found = OPEN_INFERENCE.read_reasons(body, rows, ANY, parts)
    except Refused:
        return
    assert found.values.shape == (parts, rows)
    assert np.isfinite(found.values).all()


@given(answers, dialects)
def test_whatever_comes_is_a_presentation_or_refused(body: bytes, dialect: Dialect):
    try:
        found = dialect.read_about(body, "credit")
    except Refused:
        return
    assert isinstance(found, About)
    assert all(isinstance(each, str) for each in (*found.inputs, *found.outputs, found.version, found.platform))


# ---- presentations ---------------------------------------------------------------------------------------------------


def test_metadata_of_our_own_service_tell_release_artefact_inputs_and_whose_reasons_it_gives():
    body = {
        "name": "credit",
        "versions": ["champion", "aaa"],
        "platform": "credit-what-if",
        "inputs": [{"name": "limit", "datatype": "FP64", "shape": [-1, 1]}, {"name": "status_1", "shape": [-1, 1]}],
        "outputs": [
            {"name": "predict_proba"},
            {"name": "shap_values", "parameters": {"names": ["limit", "late"]}},
            {"name": "base_value"},
        ],
        "parameters": {
            "release": "0123456789ab",
            "artefact": "f" * 64,
            "contract_sha256": "c" * 64,
            "book": "cards",
            "background": "30,000 customers of the book",
        },
    }
    found = OPEN_INFERENCE.read_about(orjson.dumps(body), "credit")
    assert found == About(
        protocol="oip",
        name="credit",
        version="0123456789ab",
        artefact="f" * 64,
        contract_sha256="c" * 64,
        release="0123456789ab",
        book="cards",
        inputs=("limit", "status_1"),
        outputs=("predict_proba", "shap_values", "base_value"),
        reasons=("limit", "late"),
        background="30,000 customers of the book",
        platform="credit-what-if",
    )
    assert found.ours


def test_empty_metadata_are_a_model_of_which_nothing_is_known():
    body = b'{"name":"credit","versions":[],"platform":"","inputs":[],"outputs":[],"parameters":{}}'
    found = OPEN_INFERENCE.read_about(body, "credit")
    assert found == About("oip", "credit")
    assert not found.ours


def test_input_of_several_columns_is_noted():
    body = orjson.dumps({"name": "m", "inputs": [{"name": "input-0", "shape": [-1, 6]}, {"name": "b", "shape": [-1]}]})
    assert OPEN_INFERENCE.read_about(body, "m").wide == ("input-0",)


# ---- complaints ------------------------------------------------------------------------------------------------------

TRACE = (
    'Traceback (most recent call last):\n  File "/srv/secret.py", line 3, in f\n    x\nValueError: no column PAY_0\n'
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (orjson.dumps({"error": "Model nope not found"}), "Model nope not found"),
        (orjson.dumps({"error_code": "BAD", "message": "no column", "stack_trace": TRACE}), "no column"),
        (orjson.dumps({"detail": "Not Found"}), "Not Found"),
        (
            orjson.dumps({"detail": [{"loc": ["body", "inputs", 0, "data"], "msg": "Field required", "input": 1}]}),
            "inputs.0.data: Field required",
        ),
        (orjson.dumps({"detail": ["no column", {"msg": "too late"}]}), "no column; too late"),
        (orjson.dumps({"error": {"code": 7, "message": "no quota"}}), "no quota"),
        (orjson.dumps({"error": {"details": [], "error": {"reason": "no model"}}}), "no model"),
        (orjson.dumps({"errors": [{"title": "bad"}, {"detail": {"message": "worse"}}]}), "bad; worse"),
        (orjson.dumps([{"msg": "first"}]), "first"),
        (orjson.dumps({"status": {"error": "unseen"}}), ""),
        (orjson.dumps({"error": TRACE}), "ValueError: no column PAY_0"),
        (TRACE.encode(), "ValueError: no column PAY_0"),
        (b"Traceback (most recent call last):\n  File x\nOops", "Oops"),
        (orjson.dumps({"message": "Failed to predict '1234.0 5678.0'.\nError 'no column'"}), "Error 'no column'"),
        (
            b"Failed.\nError: Failed at data ' 1 2' with schema 'x'. Error: Model is missing inputs ['A']",
            "Error: Model is missing inputs ['A']",
        ),
        (b"<html><h1>nginx</h1></html>", ""),
        (b"Internal Server Error", "Internal Server Error"),
        (b"a\x1b[31m\r\nb\xff", "a [31m b�"),
        (b"", ""),
    ],
)
def test_complaint_is_the_servers_own_words_without_its_traceback(body: bytes, words: str):
    assert complaint(body) == words


@given(answers)
def test_complaint_is_short_and_of_one_line_whatever_comes(body: bytes):
    found = complaint(body)
    assert len(found) <= 200
    assert found.isprintable()
