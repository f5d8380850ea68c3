"""What runs on a device: the folder of ``paddle-ner export --target jetson``, without PaddlePaddle and pydantic.

A device gets copies of these modules and of those that they import, all written for Python 3.8: see
`paddle_ner.export.edge.runtime`.
"""
