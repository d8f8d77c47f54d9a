"""Pretrained weights: found where people keep them, checked, downloaded where they are missing."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from genharness.errors import DataError
from genharness.files.checksums import file_digest, has_checksum, mismatch
from genharness.files.downloads import ByteProgress, download
from genharness.files.home import home
from genharness.spec.plugins import Remote

__all__ = ["find_weights", "locate_shared", "locate_weights", "named_weights", "weights_hash"]


def find_weights(remote: Remote, override: Path | None = None, progress: ByteProgress | None = None) -> Path:
    """Return a checked weights file, downloading it to `home()/weights` where there is none.

    Looks at `override`, `$GENHARNESS_WEIGHTS`, `home()/weights` and torch hub's cache, in this order. What `override`
    names may be another network's: it is wrong only where these weights are found nowhere else.

    Args:
        remote: Name, addresses and checksum of the weights.
        override: What the user passed as `--weights`: the file, or a folder that holds it.
        progress: Told of bytes as they arrive.

    Raises:
        DataError: If a file is found that is not the promised one, or none is found and none can be had.
        PluginError: If `remote` has no checksum.
    """
    found = locate_shared(remote, override) if override is None or override.expanduser().exists() else None
    if found is None and override is not None:
        found = _overriding(remote, override.expanduser())
    return found or download(remote, home() / "weights", progress, instead=f"--weights PATH{_passed_over()}")


def locate_weights(remote: Remote) -> Path | None:
    """Return a checked weights file of this machine, or None; nothing is downloaded.

    Raises:
        DataError: If `$GENHARNESS_WEIGHTS` names nothing, or a file found is not the promised one.
        PluginError: If `remote` has no checksum.
    """
    for folder in (_from_environment(remote), home() / "weights", _torch_hub()):
        found = _in_place(remote, folder)
        if found:
            return _checked(found, remote)
    return None


def locate_shared(remote: Remote, given: Path | None) -> Path | None:
    """Return a checked weights file of this machine, or None, where `--weights` may be meant for something else.

    Args:
        remote: Name, addresses and checksum of the weights.
        given: What the user passed; a file of another name and content, or a folder without it, is passed over.

    Raises:
        DataError: If a file found is not the promised one.
        PluginError: If `remote` has no checksum.
    """
    found = _in_place(remote, given.expanduser()) if given is not None else None
    return _checked(found, remote) if found else locate_weights(remote)


def named_weights(name: str, given: Path | None = None) -> Path | None:
    """Return the first file of that name where weights are kept, unchecked, or None.

    Args:
        name: Of the file.
        given: What the user passed as `--weights`: the file, or a folder.
    """
    named = os.environ.get("GENHARNESS_WEIGHTS")
    places = [place.expanduser() for place in (given, Path(named) if named else None) if place is not None]
    candidates = [place if place.is_file() and place.name == name else place / name for place in places]
    candidates += [home() / "weights" / name, _torch_hub() / name]
    return next((path for path in candidates if path.is_file()), None)


def weights_hash(path: Path) -> str:
    """Return the SHA-256 of a weights file in hexadecimal, for the protocol's stamp.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        return file_digest(path, "sha256")
    except OSError as error:
        raise DataError(f"weights {path} cannot be read ({error.strerror}): pass another file as --weights") from error


def _overriding(remote: Remote, override: Path) -> Path:
    if override.is_file():
        return _checked(override, remote)
    found = _in_place(remote, override)
    if found is None:
        reason = f"holds no {remote.filename}" if override.is_dir() else "does not exist"
        raise DataError(f"--weights {override} {reason}: pass the weights file, or the folder that holds it")
    return _checked(found, remote)


def _from_environment(remote: Remote) -> Path | None:
    named = os.environ.get("GENHARNESS_WEIGHTS")
    if not named:
        return None
    place = Path(named).expanduser()
    if not place.exists():
        raise DataError(f"GENHARNESS_WEIGHTS={named} does not exist: set it to a weights file or a folder of them")
    return place


def _passed_over() -> str:
    """Return what to say of a lone file in `$GENHARNESS_WEIGHTS`, once nothing was found there or elsewhere."""
    named = os.environ.get("GENHARNESS_WEIGHTS", "")
    lone = named and Path(named).expanduser().is_file()
    return f", as GENHARNESS_WEIGHTS={named} is not these weights" if lone else ""


def _torch_hub() -> Path:
    """Return where `torch.hub` keeps downloads, by its documented rule and without importing torch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    return Path(os.environ.get("TORCH_HOME", cache / "torch")).expanduser() / "hub" / "checkpoints"


def _in_place(remote: Remote, place: Path | None) -> Path | None:
    """Return the candidate at `place`, a folder or one file, under any name that a mirror gives it."""
    names = {remote.filename, *(PurePosixPath(url).name for url in remote.urls)}
    if place is not None and place.is_file():  # a lone file may be another extractor's
        return place if place.name in names or has_checksum(place, remote) else None
    candidates = [place / name for name in (remote.filename, *sorted(names))] if place else []
    return next((path for path in candidates if path.is_file()), None)


def _checked(path: Path, remote: Remote) -> Path:
    try:
        wrong = mismatch(path, remote)
    except OSError as error:
        raise DataError(f"weights {path} cannot be read ({error.strerror}): pass another file as --weights") from error
    if wrong:
        raise DataError(f"weights {path} {wrong}: delete or replace it, or pass another file as --weights")
    return path
