"""The graph of a bundle as ONNX: converted, rounded to int8, its kernels counted, scored beside Paddle."""
