"""Smaller and faster models: quantization, and the gate that accepts or refuses its result."""
