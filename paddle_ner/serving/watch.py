"""What a bundle on disk looks like from outside, whatever was put in its place. Called in threads, since it reads."""

from __future__ import annotations

import json
import stat
from functools import lru_cache
from pathlib import Path

from paddle_ner.bundle import BUNDLE_MANIFEST
from paddle_ner.errors import BundleError

_MANIFEST_BYTES = 16 << 20

# When each file of a bundle was written and how long it is, the manifest first; None for one that is not there.
Stamp = tuple[int, int, int] | None
Fingerprint = tuple[Stamp, ...]


def fingerprint(folder: Path) -> Fingerprint | None:
    """What a bundle's files look like from outside; None where there is no manifest.

    The manifest is absent for a moment while a bundle is replaced by rename, and never there in a checkpoint.
    """
    manifest = _stamp(folder / BUNDLE_MANIFEST)
    if manifest is None:
        return None
    return (manifest, *(_stamp(folder / name) for name in _listed(folder / BUNDLE_MANIFEST, manifest)[1]))


def checksum(folder: Path) -> str:
    """The checksum in the manifest, not yet verified; empty where it has none."""
    return _listed(folder / BUNDLE_MANIFEST, _stamp(folder / BUNDLE_MANIFEST))[0]


def check_files(folder: Path) -> None:
    """Raise BundleError where something in the folder is no file that can be read to its end, such as a FIFO."""
    try:
        paths = list(folder.iterdir())
    except OSError:
        return  # the loader says what is wrong
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise BundleError(f"{path}: it is a FIFO, a socket or a device, expected a regular file; export it again")


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except (OSError, ValueError):  # a name with a NUL is a ValueError
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@lru_cache(maxsize=64)
def _listed(manifest: Path, stamp: Stamp) -> tuple[str, tuple[str, ...]]:
    """Checksum and file names in the manifest that has this stamp; nothing where it cannot be read."""
    try:
        if stamp is None or not stat.S_ISREG(manifest.stat().st_mode) or stamp[1] > _MANIFEST_BYTES:
            return "", ()
        record = json.loads(manifest.read_bytes())
        return str(record["checksum"]), tuple(str(name) for name in record["files"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "", ()
