"""A graph that only computes passes; one that may do anything else is refused by the name of its operator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.bundle.operators import check_graph
from paddle_ner.errors import BundleError


def field(number: int, content: bytes | str) -> bytes:
    """A field of protobuf that holds bytes."""
    content = content.encode() if isinstance(content, str) else content
    size, length = len(content), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([*key(number, 2)]) + length + bytes([size]) + content


def key(number: int, kind: int) -> bytes:
    value = number << 3 | kind
    return bytes([value]) if value < 128 else bytes([value & 127 | 128, value >> 7])


def number(place: int, value: int) -> bytes:
    return key(place, 0) + bytes([value])


def program(*operations: str) -> bytes:
    """A ProgramDesc of Paddle's old IR."""
    return field(1, number(1, 0) + b"".join(field(4, field(3, name)) for name in operations))


def node(kind: str, domain: str = "", attribute: bytes = b"") -> bytes:
    content = field(1, "x") + field(2, "y") + field(4, kind)
    return field(1, content + (field(7, domain) if domain else b"") + (field(5, attribute) if attribute else b""))


def onnx(*parts: bytes, around: bytes = b"") -> bytes:
    """A ModelProto with one graph."""
    return number(1, 8) + field(7, b"".join(parts)) + around


def new(*operations: dict[str, Any]) -> bytes:
    return json.dumps({"program": {"regions": [{"blocks": [{"ops": list(operations)}]}]}}).encode()


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(BundleError) as error:
        check_graph(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ") and message.isprintable()
    return message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.json", new({"#": "p"}, {"#": "0.combine"}, {"#": "1.matmul"})),
        ("model.pdmodel", program("feed", "matmul_v2", "quantize_linear", "fetch")),
        ("model.onnx", onnx(node("MatMul"), node("Gemm", "ai.onnx"), field(5, field(9, b"\0" * 1000)))),
    ],
)
def test_what_computes_passes(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    check_graph(tmp_path / name)


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ({"#": "1.read_file"}, "pd_op.read_file"),
        ({"#": "1.save_combine"}, "pd_op.save_combine"),
        ({"#": "1.py_func"}, "pd_op.py_func"),
        ({"#": "2.if"}, "2.if"),
        ({"#": "3.mine"}, "3.mine"),
        ({"#": "pd_op.matmul"}, "pd_op.matmul"),
        ({"#": "1.matmul", "regions": []}, "a graph of its own"),
        ({"#": 7}, "operator '7'"),
        ({"#": "1.x\n\x1b[31m"}, r"'pd_op.x\n"),
    ],
)
def test_a_program_of_the_new_ir_is_refused_by_name(tmp_path: Path, operation: dict[str, Any], named: str) -> None:
    assert named in refusal(tmp_path / "model.json", new({"#": "1.matmul"}, operation))


@pytest.mark.parametrize("name", ["load", "save", "print", "py_func", "while", "conditional_block", "read_file", ""])
def test_a_program_of_the_old_ir_is_refused_by_name(tmp_path: Path, name: str) -> None:
    assert f"the operator {name!r}" in refusal(tmp_path / "model.pdmodel", program("matmul_v2", name))


def test_every_block_is_looked_at(tmp_path: Path) -> None:
    assert "'load'" in refusal(tmp_path / "model.pdmodel", program("matmul_v2") + program("load"))


def test_of_a_name_that_stands_twice_each_is_looked_at(tmp_path: Path) -> None:
    twice = field(1, field(4, field(3, "load") + field(3, "matmul_v2")))
    assert "'load'" in refusal(tmp_path / "model.pdmodel", twice)
    json_twice = b'{"program": {"regions": []}, "program": {"regions": []}}'
    assert "is twice" in refusal(tmp_path / "model.json", json_twice)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (onnx(node("If")), "'If'"),
        (onnx(node("Attention", "com.microsoft")), "com.microsoft.Attention"),
        (onnx(node("Loop", attribute=field(6, b""))), "'Loop'"),
        (onnx(node("MatMul", attribute=field(6, b""))), "a graph or a sparse tensor of its own"),
        (onnx(node("Constant", attribute=field(5, number(14, 1)))), "a weight in another file"),
        (onnx(node("MatMul"), field(5, field(13, field(1, "location") + field(2, "/etc/passwd")))), "in another file"),
        (onnx(node("MatMul"), field(15, b"")), "a sparse weight"),
        (onnx(node("MatMul"), around=field(25, field(1, "f"))), "functions"),
    ],
)
def test_an_onnx_graph_is_refused_by_name(tmp_path: Path, content: bytes, named: str) -> None:
    assert named in refusal(tmp_path / "model.onnx", content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.json", b"graph"),
        ("model.json", b"{}"),
        ("model.json", b"[" * 100_000),
        ("model.json", b'{"program": {"regions": 5}}'),
        ("model.pdmodel", b"\xff\xff"),
        ("model.pdmodel", field(1, field(4, number(3, 1)))),
        ("model.onnx", b""),
        ("model.onnx", b"\x3a\x7f"),
        ("model.onnx", b"\x0b"),
    ],
)
def test_what_is_no_graph_is_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    assert "cannot be read as a graph" in refusal(tmp_path / name, content)


def test_a_graph_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    assert "expected one of .json, .pdmodel, .onnx" in refusal(tmp_path / "model.ort", b"")
