"""What runs on a device: the folder of ``paddle-ner export --target jetson``, without PaddlePaddle and pydantic.

A device gets these modules, and those of the package that they import, as Python 3.8: see `paddle_ner.export.edge`.
"""
