"""``run.py`` on the device: labels the texts of a file, or answers over HTTP."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from paddle_ner.data.texts import read_texts
from paddle_ner.edge.engines import ENGINES, PRECISIONS, Opened, open_folder
from paddle_ner.edge.server import serve
from paddle_ner.edge.settings import Settings
from paddle_ner.errors import InputError, PaddleNerError


def main(folder: Path, arguments: Sequence[str] | None = None) -> int:
    """Run the command line over `folder`; returns the exit status: 0, 2 for bad input, 130 for Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "serve":
            return _serve(folder, options)
        return _predict(folder, options)
    except PaddleNerError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"error: {place}{error.strerror or error}", file=sys.stderr)
        return InputError.exit_status
    except KeyboardInterrupt:
        return 130


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """The options of `open_folder`."""
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="auto: TensorRT where an engine was built")
    parser.add_argument("--precision", choices=PRECISIONS, help="by default what was built, fp32 in ONNX Runtime")
    parser.add_argument("--threads", type=int, help="CPU threads of ONNX Runtime, by default all cores")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description="Label texts with the model of this folder.")
    commands = parser.add_subparsers(dest="command", required=True)
    predict = commands.add_parser("predict", help="texts in, JSON lines out, in the same order")
    predict.add_argument(
        "file", nargs="?", help="texts, one per line, or JSON lines with a text; by default standard input"
    )
    predict.add_argument("-o", "--output", help="file to write, by default standard output")
    predict.add_argument(
        "--format", choices=("text", "jsonl"), help="by default jsonl where the first line is an object"
    )
    defaults = Settings()
    server = commands.add_parser("serve", help="POST /predict with a text or texts")
    server.add_argument("--host", default=defaults.host, help="address to listen on (%(default)s)")
    server.add_argument("--port", type=int, default=defaults.port, help="port, 0 takes a free one (%(default)s)")
    server.add_argument("--keys", help="file of keys, one per line; callers send one of them as a bearer token")
    server.add_argument("--insecure", action="store_true", help="listen without keys where other machines can reach it")
    for name, what in (("max_body_bytes", "bytes"), ("max_texts", "texts"), ("max_characters", "characters a text")):
        option = "--" + name.replace("_", "-")
        server.add_argument(
            option, type=int, default=getattr(defaults, name), help=f"{what} in a request (%(default)s)"
        )
    for command in (predict, server):
        add_engine_options(command)
    return parser


def _open(folder: Path, options: argparse.Namespace) -> Opened:
    opened = open_folder(folder, options.engine, options.precision, options.threads)
    info = opened.predictor.info
    print(f"{opened.description.name}: {info.engine} {info.precision}", file=sys.stderr)
    return opened


def _predict(folder: Path, options: argparse.Namespace) -> int:
    with ExitStack() as stack:
        name = options.file or "<stdin>"
        source = stack.enter_context(Path(name).open("rb")) if options.file else sys.stdin.buffer
        predictor = _open(folder, options).predictor
        target = stack.enter_context(Path(options.output).open("wb")) if options.output else sys.stdout.buffer
        ids: deque[str | int | None] = deque()

        def texts() -> Iterator[str]:
            for example in read_texts(source, name, options.format):
                ids.append(example.id)
                yield example.text

        chunk = 1 if not options.file and source.isatty() else None
        stream = predictor.stream(texts()) if chunk is None else predictor.stream(texts(), chunk)
        for answer in stream:
            target.write(dataclasses.replace(answer, id=ids.popleft()).to_json().encode("utf-8") + b"\n")
            if chunk:
                target.flush()
        target.flush()
    return 0


def _serve(folder: Path, options: argparse.Namespace) -> int:
    settings = Settings(
        host=options.host,
        port=options.port,
        insecure=options.insecure,
        max_body_bytes=options.max_body_bytes,
        max_texts=options.max_texts,
        max_characters=options.max_characters,
        keys=read_keys(Path(options.keys)) if options.keys else (),
    )
    settings.check()
    opened = _open(folder, options)
    serve(opened.predictor, opened.description.name, settings)
    return 0


def read_keys(path: Path) -> tuple[str, ...]:
    """The keys of a file, one per line, without empty lines and comments. Raises InputError if there is none."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    keys = tuple(line for line in lines if line and not line.startswith("#"))
    if not keys:
        raise InputError(f"{path}: holds no key, expected one a line")
    return keys
