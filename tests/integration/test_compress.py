"""Compression of a model that needs its attention: what is taken, what is refused, and what is then served.

Tests `paddle_ner.cli.compress`, `paddle_ner.compression.candidates`, `paddle_ner.compression.search`,
`paddle_ner.compression.quantization.program` and `paddle_ner.compression.quantization.worker` too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import paddle_ner
from paddle_ner.bundle import Speed, read_bundle_manifest, verify
from paddle_ner.bundle.compression import Compression, CompressionCandidate, Plan
from paddle_ner.bundle.scales import FILE, read_scales
from paddle_ner.cli import main
from paddle_ner.cli.compress import command
from paddle_ner.compression.last_round import check_served
from paddle_ner.compression.options import Options
from paddle_ner.compression.search import Compressed, Refused, compress
from paddle_ner.compression.transforms.positions import cut_positions
from paddle_ner.errors import GateError
from paddle_ner.evaluation import gate
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning.choice import tune
from paddle_ner.inference import EngineOptions, load_bundle, load_replicas
from paddle_ner.inference.layout import Layout, layouts
from paddle_ner.machine import BF16_FLAGS, cpu_flags, usable_cores
from tests.integration.attentive import ENCODER, make_checkpoint, sentences

TRAINING = 800
PRODUCTS = 6 * ENCODER["num_hidden_layers"] + 1  # at most: the exported graph may fuse query, key and value
PLAN, TRAP = Plan(windows=64), Plan(windows=64, operations="every")


EXAMPLES, CALIBRATION = sentences(200, seed=2), sentences(64, seed=3)


@pytest.fixture(scope="module")
def attentive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("attentive"), sentences(TRAINING, seed=1), EXAMPLES)


@pytest.fixture(scope="module")
def searched(attentive: Path, tmp_path_factory: pytest.TempPathFactory) -> Compressed:
    """With the trap as the first candidate."""
    # Neither bf16 nor the clock decides.
    options = Options(precision="int8", allow_slower=True, plans=[TRAP, PLAN])
    return compress(attentive, tmp_path_factory.mktemp("int8") / "bundle", CALIBRATION, EXAMPLES, options)


def of(record: Compression, plan: Plan) -> CompressionCandidate:
    (candidate,) = [one for one in record.candidates if one.plan == plan]
    return candidate


def test_the_mask_in_int8_wipes_attention_out_and_is_refused(searched: Compressed) -> None:
    candidate = of(searched.record, TRAP)
    assert candidate.kernels is not None and candidate.kernels.int8 == candidate.kernels.total, (
        "refused for another reason"
    )
    assert candidate.drop is not None and candidate.drop > searched.record.max_drop
    assert candidate.refused.startswith("f1 fell by")
    assert candidate.worst_label is not None and candidate.worst_drop > searched.record.max_drop


def test_the_same_thresholds_without_the_mask_are_taken(searched: Compressed) -> None:
    candidate = of(searched.record, PLAN)
    assert candidate == searched.record.after and candidate.refused == ""
    assert candidate.drop is not None and candidate.drop <= searched.record.max_drop
    assert candidate.kernels is not None and 0 < candidate.kernels.int8 == candidate.kernels.total <= PRODUCTS


def after_of(record: Compression) -> CompressionCandidate:
    assert record.after is not None
    return record.after


def test_the_manifest_says_how_and_the_bundle_runs_in_int8_by_itself(searched: Compressed) -> None:
    manifest = verify(searched.bundle)
    record = manifest.compression
    assert record is not None and record == searched.record and record.method == "post-training quantization"
    assert record.calibration.examples == len(CALIBRATION) and record.evaluation.examples == len(EXAMPLES)
    assert record.before.labels.keys() == {"PER", "LOC"} and record.before.speed
    assert after_of(record).speed
    assert (manifest.precision, record.operations) == ("int8", ["fc"])
    assert paddle_ner.load(searched.bundle).info.precision == "int8"


def test_what_is_served_is_what_was_scored(searched: Compressed) -> None:
    report, predictions = score(paddle_ner.load(searched.bundle), EXAMPLES)
    assert report.value == after_of(searched.record).score
    assert gate.digest(predictions) == searched.record.predictions_sha256
    check_served(searched.bundle, EXAMPLES, report, searched.record.predictions_sha256)
    with pytest.raises(GateError, match="loaded as the server loads it"):
        check_served(searched.bundle, EXAMPLES, report, "of something else")


def test_the_bundle_is_served_in_the_layout_that_was_measured_best(searched: Compressed) -> None:
    tuning = verify(searched.bundle).tuning
    assert tuning is not None and (tuning.engine, tuning.precision) == ("paddle", "int8")
    after = after_of(searched.record)
    assert (after.replicas, after.threads) == (tuning.replicas, tuning.threads)
    measured = [Layout(candidate.replicas, candidate.threads) for candidate in tuning.candidates]
    assert measured == layouts(usable_cores()) and searched.record.before.speed and after.speed
    assert after.speedup == after.speed.texts_per_second / searched.record.before.speed.texts_per_second
    served = load_replicas(searched.bundle, EngineOptions())
    assert Layout(len(served), served[0].info.threads or 0) == Layout(tuning.replicas, tuning.threads)


def test_the_bundle_lists_a_threshold_for_every_product_with_a_weight(searched: Compressed) -> None:
    scales, products = read_scales(searched.bundle / FILE), after_of(searched.record).kernels
    assert products is not None
    assert FILE in verify(searched.bundle).files
    assert len(scales) == len({one.weight_sha256 for one in scales}) == products.total
    assert all(len(one.weight) == 1 for one in scales)


def test_an_int8_engine_outlives_its_clones(searched: Compressed) -> None:
    first = load_bundle(searched.bundle, EngineOptions(threads=1))
    twin, other = first.clone(), first.clone()
    expected = first("北京")
    del other
    assert twin("北京") == expected
    del first
    assert twin("北京") == expected


def test_an_int8_bundle_can_be_tuned(searched: Compressed) -> None:
    tuned = tune(searched.bundle, EXAMPLES)
    assert {one.precision for one in tuned.tuning.candidates} == {"int8"}
    assert verify(searched.bundle).compression == searched.record
    assert paddle_ner.load(searched.bundle).info.precision == "int8"


def refused(checkpoint: Path, target: Path, options: Options) -> Refused:
    with pytest.raises(Refused, match="nothing was written") as caught:
        compress(checkpoint, target, CALIBRATION, EXAMPLES, options)
    assert not list(target.parent.iterdir()), "something was written"
    return caught.value


def test_a_label_that_falls_too_far_is_a_refusal_though_the_score_may_fall(attentive: Path, tmp_path: Path) -> None:
    options = Options(precision="int8", allow_slower=True, plans=[TRAP], max_drop=1.0, max_label_drop=0.01)
    record = refused(attentive, tmp_path / "bundle", options).record
    assert record.after is None and of(record, TRAP).refused.startswith(f"F1 of {of(record, TRAP).worst_label} fell by")


def test_the_first_is_tried_whatever_the_budget_and_those_left_out_are_named(attentive: Path, tmp_path: Path) -> None:
    options = Options(
        precision="int8", allow_slower=True, plans=[PLAN, TRAP, TRAP], budget_minutes=1e-6, max_drop=1, max_label_drop=1
    )
    record = compress(attentive, tmp_path / "bundle", CALIBRATION, EXAMPLES, options).record
    assert [candidate.plan for candidate in record.candidates] == [None, PLAN]
    assert record.left_out == [TRAP, TRAP]


def test_where_fp32_is_the_fastest_that_is_said(
    attentive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_turns(candidates: Mapping[str, object], texts: Sequence[str], **_: Any) -> dict[str, Speed]:
        return {
            key: Speed(texts_per_second=100.0 if key == "fp32" else 50.0, tokens_per_second=1.0, milliseconds=1.0)
            for key in candidates
        }

    monkeypatch.setattr("paddle_ner.compression.candidates.in_turns", in_turns)
    error = refused(attentive, tmp_path / "bundle", Options(precision="int8", plans=[PLAN]))
    assert "fp32 is the fastest on this machine" in str(error) and "0.50 times its speed" in str(error)


@pytest.mark.skipif(not cpu_flags() & BF16_FLAGS, reason="this CPU has no bf16")
def test_bf16_alone_needs_no_quantizing(attentive: Path, tmp_path: Path) -> None:
    options = Options(precision="bf16", allow_slower=True)
    record = compress(attentive, tmp_path / "bundle", CALIBRATION, EXAMPLES, options).record
    manifest = verify(tmp_path / "bundle")
    assert (manifest.precision, manifest.graph, record.method) == ("bf16", "model.json", "bf16 arithmetic")
    assert manifest.compression == record and [one.precision for one in record.candidates] == ["fp32", "bf16"]


CRASHING = """
import os, sys
from pathlib import Path
from paddle_ner.compression.quantization import worker
quantize = worker.quantize
def crash_or_quantize(fp32, plan, batches, target):
    if plan.algorithm == "KL":
        os.abort()
    quantize(fp32, plan, batches, target)
worker.quantize = crash_or_quantize
worker.main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
"""


def test_a_candidate_that_crashes_is_one_line_of_the_table(
    attentive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paddle_ner.compression.quantization.quantizer._COMMAND", [sys.executable, "-c", CRASHING])
    crash = PLAN.model_copy(update={"algorithm": "KL"})
    options = Options(precision="int8", allow_slower=True, plans=[crash, PLAN])
    record = compress(attentive, tmp_path / "bundle", CALIBRATION, EXAMPLES, options).record
    assert of(record, crash).refused.startswith("failed: the worker ended: killed by SIGABRT")
    assert record.after == of(record, PLAN)


def test_what_makes_it_smaller_comes_first_and_all_is_compared_with_the_checkpoint_as_it_came(
    attentive: Path, tmp_path: Path
) -> None:
    options = Options(precision="int8", allow_slower=True, plans=[PLAN], embeddings="int8")
    compressed = compress(attentive, tmp_path / "bundle", CALIBRATION, EXAMPLES, options, [cut_positions])
    record, manifest = compressed.record, verify(compressed.bundle)
    assert (
        [one["name"] for one in record.transforms]
        == ["cut-positions", "embeddings"]
        == [one["name"] for one in manifest.transforms]
    )
    assert [one.precision for one in record.candidates] == ["fp32", "int8"], "int8 alone was asked for"
    before, after = record.candidates
    assert before == record.before and after.plan == PLAN
    assert before.megabytes and after.megabytes and before.megabytes > after.megabytes
    original = score(paddle_ner.load(attentive), EXAMPLES)[0]
    assert before.score == original.value
    assert score(paddle_ner.load(compressed.bundle), EXAMPLES)[0].value == after.score


def run(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(command, [str(word) for word in words])
    if isinstance(done.exception, GateError):
        return done.exception.exit_status, done.stdout
    assert done.exception is None, done.exception
    return done.exit_code, done.stdout


def only(monkeypatch: pytest.MonkeyPatch, plans: Sequence[Plan]) -> None:
    monkeypatch.setattr("paddle_ner.compression.quantization.plans.promising", lambda best, available: iter(plans))


def test_json_is_one_object_and_the_config_names_the_data(
    attentive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, [PLAN])
    options = ["--precision", "int8", "--allow-slower", "--json"]
    status, printed = run(attentive, "-o", tmp_path / "bundle", *options)
    record = Compression.model_validate(json.loads(printed))
    assert status == 0 and record == read_bundle_manifest(tmp_path / "bundle").compression
    assert (record.calibration.examples, record.evaluation.examples) == (TRAINING, len(EXAMPLES))


def test_a_refusal_exits_with_1_and_leaves_only_the_report(
    attentive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, [TRAP])
    report = tmp_path / "report.json"
    status, printed = run(attentive, "-o", tmp_path / "bundle", "--precision", "int8", "--report", report)
    assert status == 1 and list(tmp_path.iterdir()) == [report]
    record = Compression.model_validate(json.loads(report.read_text("utf-8")))
    assert record.after is None and of(record, TRAP).refused in printed


def test_a_folder_of_something_else_is_not_touched(attentive: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["compress", str(attentive), "-o", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
