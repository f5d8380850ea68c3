from __future__ import annotations

from paddle_ner.inference.engines.abilities import abilities


def test_what_an_engine_can_compute_follows_from_the_flags_of_the_cpu() -> None:
    whole = {each.engine: each for each in abilities({"avx2", "avx512_vnni", "avx512_bf16"}, lambda module: True)}
    assert str(whole["Paddle"]) == "fp32, bf16, int8"
    assert str(whole["ONNX Runtime"]) == "fp32, int8"
    assert "TensorRT" not in whole  # which needs a GPU


def test_what_the_cpu_lacks_is_named() -> None:
    plain = {each.engine: each for each in abilities({"avx2"}, lambda module: module == "paddle")}
    assert str(plain["Paddle"]) == "fp32, int8 (slow: no VNNI); not bf16 (needs avx512_bf16 or amx_bf16)"
    assert str(plain["OpenVINO"]).endswith("; not installed")
