"""The graph of a bundle as ONNX: converts it, rounds it to int8, counts its kernels, scores it against Paddle."""
