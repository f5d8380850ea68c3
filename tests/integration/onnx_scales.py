"""Scales as a calibration finds them: the largest magnitudes of every weight and of what it is multiplied with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from paddle_ner.bundle.scales import MatmulScales, weight_hash
from paddle_ner.export.onnx.products import products


def observed_scales(path: Path, batches: Sequence[NDArray[np.int64]], *, by_column: bool = False) -> list[MatmulScales]:
    """Of the fp32 ONNX graph in `path`, over token ids of shape [batch, length]."""
    model = onnx.load(str(path))
    found = list(products(model.graph))
    inputs = list(dict.fromkeys(product.node.input[0] for product in found))
    known = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inputs if name not in known)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    largest = dict.fromkeys(inputs, 0.0)
    for ids in batches:
        values = session.run(inputs, {"input_ids": ids, "token_type_ids": np.zeros_like(ids)})
        for name, value in zip(inputs, values, strict=True):
            largest[name] = max(largest[name], float(np.abs(value).max()))
    scales = []
    for product in found:
        weight = product.weight.T if product.transposed else product.weight
        magnitudes = np.abs(weight).max(axis=0) if by_column else np.abs(weight).max(keepdims=True).reshape(1)
        scales.append(
            MatmulScales(weight_hash(weight), largest[product.node.input[0]], tuple(float(one) for one in magnitudes))
        )
    return scales
