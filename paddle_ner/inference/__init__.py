"""Running a model: engines, batch planning, Predictor, Model. Imports neither PaddleNLP nor PaddleSlim."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal, get_args

from paddle_ner.bundle import BundleManifest, is_bundle, load_tokenizer, read_bundle_manifest, read_key, verify
from paddle_ner.errors import BundleError, InputError
from paddle_ner.inference.default import NAME as DEFAULT
from paddle_ner.inference.default import resolved
from paddle_ner.inference.engines import AUTO, ENGINES, EngineInfo, EngineName, EngineOptions, Precision, checked_count
from paddle_ner.inference.engines.open import choose, device_kind, open_engine
from paddle_ner.inference.layout import asked_for
from paddle_ner.inference.model import Model
from paddle_ner.inference.planning import multiple_for
from paddle_ner.inference.predictor import Predictor
from paddle_ner.machine import cpu_flags, usable_cores
from paddle_ner.tasks import terms_file
from paddle_ner.tasks.min_score import MinScore, by_type
from paddle_ner.tasks.terms import Mode, Terms

__all__ = [
    "DEFAULT",
    "EngineInfo",
    "EngineName",
    "EngineOptions",
    "Model",
    "Precision",
    "Predictor",
    "load",
    "load_bundle",
    "load_replicas",
]


def load(
    model: str | Path = DEFAULT,
    *,
    engine: EngineName | Literal["auto"] = AUTO,
    device: str = "cpu",
    precision: Precision | Literal["auto"] = AUTO,
    threads: int | None = None,
    replicas: int | None = None,
    verify_key: str | Path | None = None,
    min_score: MinScore | None = None,
    terms: str | Path | None = None,
    terms_mode: Mode | None = None,
) -> Model:
    """Load a bundle or a checkpoint, for any number of threads; the keywords are those of `EngineOptions`.

    Args:
        model: folder of a bundle, or of a checkpoint, which needs the extra ``train`` and only takes a device. Without
            one, the model that comes with the package: see `paddle_ner.inference.default`.
        engine: what runs the graph; ``auto`` takes the bundle's.
        device: ``cpu``, ``gpu`` or ``gpu:N``.
        precision: precision of the arithmetic; ``auto`` takes the bundle's.
        threads: CPU threads of each engine; with None and no replicas, the engines share all cores in the layout that
            was measured as the best for the bundle.
        replicas: engines side by side. One on all cores answers a single text the fastest; several answer more texts.
        verify_key: file of the key that must have signed the bundle (`paddle-ner export --sign-key`).
        min_score: the least score of the entities that are returned, for all types (0.5) or by type ({"LOC": 0.4, "*":
            0.5}, where ``*`` stands for the others); None returns all that the model finds.
        terms: file of terms that are added to what the model finds, see `paddle_ner.tasks.terms_file`; None takes those
            of the bundle, if it has any.
        terms_mode: ``before``: an entity of the model that overlaps a term is left out; ``after``: a term that overlaps
            an entity of the model is. None takes the bundle's mode, or ``before`` for your own file.

    Raises:
        InputError: there is no such folder, engine, key or file, an option for bundles is given with a checkpoint, the
            model does not find entities, or not of a type that `min_score` names, or a line of the terms is invalid.
        BundleError: a file is missing, damaged, or does not fit the others, or the key did not sign the bundle.
        DeviceError: the device, or the precision on it, is not available.
        MissingPackageError: a package that the engine needs is not installed.
    """
    options = EngineOptions(engine, device, precision, threads)
    key = None if verify_key is None else Path(verify_key).absolute()
    file = None if terms is None else Path(terms).absolute()
    model = resolved(model)
    predictors = load_replicas(model, options, replicas, key, file, terms_mode)
    loaded = Model(predictors, (_load_again, (Path(model).absolute(), options, replicas, key, file, terms_mode)))
    loaded.min_score = by_type(min_score, loaded.decoding)
    return loaded


def _load_again(
    folder: Path,
    options: EngineOptions,
    replicas: int | None,
    key: Path | None,
    terms: Path | None,
    mode: Mode | None,
) -> Model:
    """`load`, in the form that a pickle needs."""
    return load(folder, **asdict(options), replicas=replicas, verify_key=key, terms=terms, terms_mode=mode)


def load_replicas(
    model: str | Path,
    options: EngineOptions,
    replicas: int | None = None,
    verify_key: Path | None = None,
    terms: Path | None = None,
    terms_mode: Mode | None = None,
) -> list[Predictor]:
    """Predictors over the same weights, each for its own thread; raises the errors of `load`.

    Args:
        model: folder of a bundle or of a checkpoint.
        options: the options of each engine.
        replicas: how many; with None for it and for the threads, see `paddle_ner.inference.layout.chosen`.
        verify_key: see `load`.
        terms: see `load`.
        terms_mode: see `load`.
    """
    folder = Path(model)
    checked_count("replicas", replicas)
    if not folder.is_dir():
        what = "a file" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: {what}, expected a folder with a bundle or a checkpoint")
    key = None if verify_key is None else read_key(verify_key)
    if key is not None and not is_bundle(folder):
        raise BundleError(f"{folder}: is a checkpoint, which has no signature; export it with --sign-key")
    if not is_bundle(folder):
        first = _load_checkpoint(folder, options, replicas)
    else:
        if device_kind(options.device) == "cpu":
            options, replicas = _arranged(folder, options, replicas)
        first = load_bundle(folder, options, key)
    first.terms = _terms(folder, first, terms, terms_mode)
    return [first, *(first.clone() for _ in range(1, replicas or 1))]


def _terms(folder: Path, predictor: Predictor, file: Path | None, mode: Mode | None) -> Terms | None:
    """The terms of `file`, or without a file those of the bundle in `folder`, if it has any."""
    if mode not in (None, *get_args(Mode)):
        raise InputError(f"terms_mode is {mode!r}, expected {' or '.join(get_args(Mode))}")
    if file is None and isinstance(predictor.manifest, BundleManifest) and (bundled := predictor.manifest.terms):
        file, mode = folder / bundled.file, mode or bundled.mode
    if file is not None:
        return terms_file.read(file, predictor.decoding, mode or "before")
    if mode is not None:
        raise InputError(f"terms_mode is {mode}, but {folder} has no terms: name a file of them")
    return None


def load_bundle(folder: Path, options: EngineOptions | None = None, key: bytes | None = None) -> Predictor:
    """A predictor over a bundle for one thread at a time, once `paddle_ner.bundle.verify` accepts it."""
    manifest = verify(folder, key)
    engine = open_engine(folder, manifest, options or EngineOptions())
    predictor = Predictor(manifest, load_tokenizer(folder), engine, multiple_for(engine.info.precision))
    outputs = predictor.run(predictor.encode("").windows)[0]["logits"].shape[-1]
    expected = predictor.decoding.num_outputs
    if outputs != expected:
        raise BundleError(
            f"{folder / manifest.graph}: it gives {outputs} logits, but the labels in manifest.json make {expected}"
        )
    return predictor


def _arranged(folder: Path, options: EngineOptions, replicas: int | None) -> tuple[EngineOptions, int]:
    """The options of each engine on this CPU with every choice resolved, and the number of engines."""
    manifest = read_bundle_manifest(folder)
    name, precision = choose(folder, manifest, options, cpu_flags())
    if not ENGINES[name].replicas:
        if replicas not in (None, 1):
            raise InputError(f"replicas is {replicas}, but engine {name} computes one batch at a time: leave it out")
        replicas = 1
    layout = asked_for(manifest, usable_cores(), replicas, options.threads, name, precision)
    return replace(options, engine=name, precision=precision, threads=layout.threads), layout.replicas


def _load_checkpoint(folder: Path, options: EngineOptions, replicas: int | None) -> Predictor:
    from paddle_ner.inference.engines.dynamic import load_engine
    from paddle_ner.modeling import Checkpoint

    checkpoint = Checkpoint.open(folder)
    for name, chosen in (
        ("threads", options.threads is not None),
        ("replicas", replicas not in (None, 1)),
        ("engine", options.engine not in (AUTO, "paddle")),
        ("precision", options.precision not in (AUTO, "fp32")),
    ):
        if chosen:
            raise InputError(f"{folder}: {name} can be chosen for a bundle only; export the checkpoint first")
    return Predictor(checkpoint.manifest, checkpoint.tokenizer, load_engine(checkpoint, options.device))
