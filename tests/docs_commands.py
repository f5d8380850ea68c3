"""The shell commands of README and docs, in the order in which a reader types them, and which of them a test runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").glob("*.md"))]
_SHELL = ("", "bash", "console", "sh")
_PROGRAMS = (
    "paddle-ner",
    "python",
    "pip",
    "make",
    "curl",
    "docker",
    "echo",
    "kubectl",
    "openssl",
    "scp",
    "export",
    "uvicorn",
)
_COMMAND = re.compile(rf"(?:[A-Z_]+=\S+ +)*(?:{'|'.join(_PROGRAMS)}|\./\w+)(?: |$)")

# What a test does not run, by a pattern of the whole command, and why.
NOT_RUN = {
    r"make quickstart": "installs packages; tests/integration/test_quickstart.py runs the command behind it",
    r"docker .*": "no Docker daemon here; tests/unit/deployment reads what the images and the compose file say",
    r"kubectl .*": "no cluster here; tests/unit/deployment checks what is applied",
    r"scp .*": "needs a device",
    r"paddle-ner doctor --gpu": "fails where no GPU is; tests/unit/cli/test_doctor.py fakes both",
    r"paddle-ner train my\.yaml .*--devices gpu.*": "needs a GPU; tests/unit/training checks what would be run",
    r"\./build_engine\.sh": "needs a device with TensorRT",
    r"pip install .*": "installs packages",
    r"export PADDLE_NER_DATA=/path/to/data": "the path stands for a folder of the reader",
    r"curl .*crawler\.NNBwHC….*": "the key is cut short; tests/unit/serving sends whole ones",
    r"PADDLE_NER_SERVE_MODELS=.*": "serves at a port that may be taken; tests/integration/test_serve.py runs asgi",
    r"OTEL_TRACES_EXPORTER=.*": "needs a collector of traces",
    r"paddle-ner (train|distill) configs/.*": "half an hour of training on data that is not in the project",
    r"paddle-ner compress runs/(msra|thucnews)-.*": "minutes of search in those models; that of runs/my is run",
    r"paddle-ner (export|evaluate) runs/(cluener|thucnews|chnsenticorp).*": "needs the models of configs/",
    r"paddle-ner (export|evaluate) runs/msra-6x384.*": "needs the models of configs/",
    r"paddle-ner evaluate runs/msra/bundle": "its config names a test set that is not in the project",
    r"paddle-ner data convert \$PADDLE_NER_DATA/.*": "reads data that is not in the project",
    r"python benchmarks/.*": "minutes of measuring those models",
}

# What is added behind a command, by a pattern of its beginning, so that it takes seconds. Nothing in it is replaced.
_ENCODER = {"num_hidden_layers": 4, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64}
_SMALL = " ".join(f"--set model.encoder.{name}={value}" for name, value in _ENCODER.items())
ADDED = {
    r"paddle-ner train my\.yaml .*encoder": "--set training.epochs=1",
    r"paddle-ner train my\.yaml (?!.*encoder)": "--set training.epochs=2 --set training.learning_rate=2e-3"
    f" --set model.pretrained=null {_SMALL}",
    r"paddle-ner distill ": "--set training.epochs=1",
    r"paddle-ner compress ": "--precision int8 --budget 0.01 --max-drop 1 --max-label-drop 1 --allow-slower",
    r"paddle-ner export .*(--embeddings|--scales)": "--max-drop 1",
    r"paddle-ner export .*--(target onnx|embeddings)": "--no-tune",
    r"paddle-ner serve\b": "--port 0 --ready-file ready",
}

# Models that a page takes as given: small ones stand in for them, each made by an earlier page.
STAND_INS = {"runs/quickstart": "runs/my", "runs/msra": "runs/my"}


@dataclass(frozen=True)
class Command:
    """One command line as a page has it, its comment left out.

    Attributes:
        page: the name of the page.
        line: the number of its first line there.
        text: what is typed.
    """

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"

    @property
    def reason(self) -> str | None:
        """Why it is not run; None where it is."""
        return next((reason for pattern, reason in NOT_RUN.items() if re.fullmatch(pattern, self.text)), None)

    @property
    def addition(self) -> str:
        """What is added to it so that it takes seconds."""
        matching = (more for pattern, more in ADDED.items() if re.match(pattern, self.text))
        return " ".join(more for more in matching if more not in self.text)


def commands_of(page: Path) -> list[Command]:
    """The commands in the blocks of a page; in a block with a prompt, only what stands behind one."""
    source = page.read_text(encoding="utf-8")
    found: list[Command] = []
    for block in re.finditer(r"^```(\w*)\n(.*?)^```", source, flags=re.S | re.M):
        if block[1] not in _SHELL:
            continue
        prompted = re.search(r"^\$ ", block[2], flags=re.M) is not None
        for line in re.finditer(r"^(?:.*\\\n)*.*$", block[2], flags=re.M):
            text = re.sub(r"\s+#\s.*", "", re.sub(r"\s*\\\n\s*", " ", line[0])).strip()
            if prompted != text.startswith("$ ") or line[0].startswith(" "):
                continue  # what a command printed
            text = text.removeprefix("$ ")
            if prompted or _COMMAND.match(text):
                number = source.count("\n", 0, block.start(2) + line.start()) + 1
                found.append(Command(page.name, number, text))
    return found


COMMANDS = [command for page in PAGES for command in commands_of(page)]
