"""Pretrained weights: found where people keep them, checked, downloaded where they are missing."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from genharness.errors import DataError
from genharness.files.checksums import file_digest, has_checksum, mismatch
from genharness.files.downloads import ByteProgress, download
from genharness.files.home import home
from genharness.files.paths import expanded
from genharness.spec.plugins import Remote

__all__ = ["find_weights", "locate_weights", "weights_hash"]


def find_weights(
    remote: Remote, given: Path | None = None, progress: ByteProgress | None = None, *, shared: bool = False
) -> Path:
    """Return a checked weights file, downloading it to `home()/weights` where there is none.

    Args:
        remote: Name, addresses and checksum of the weights.
        given: What the user passed as `--weights`: the file, or a folder that holds it.
        progress: Told of bytes as they arrive.
        shared: Whether `given` is as likely meant for another network, so that nothing of these in it is no mistake.

    Raises:
        DataError: If a file is found that is not the promised one, or none is found and none can be had.
        PluginError: If `remote` has no checksum.
    """
    misnamed = given is not None and not shared and not expanded(given).exists()
    found = None if misnamed else locate_weights(remote, given)
    if found is None and given is not None and not shared:
        found = _overriding(remote, expanded(given))
    return found or download(remote, home() / "weights", progress, instead=f"--weights PATH{_passed_over()}")


def locate_weights(remote: Remote, given: Path | None = None) -> Path | None:
    """Return a checked weights file of this machine, or None; nothing is downloaded.

    Looks at `given`, `$GENHARNESS_WEIGHTS`, `home()/weights` and torch hub's cache, in this order.

    Args:
        remote: Name, addresses and checksum of the weights.
        given: What the user passed as `--weights`; a file of another name and content, or a folder without these
            weights, is passed over: it may be meant for another network.

    Raises:
        DataError: If `$GENHARNESS_WEIGHTS` names nothing, or a file found is not the promised one.
        PluginError: If `remote` has no checksum.
    """
    found = _in_place(remote, expanded(given)) if given is not None else None
    for place in (_from_environment, _own, _torch_hub):  # each is looked at only where no earlier one has them
        found = found or _in_place(remote, place())
    return _checked(found, remote) if found else None


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


def _from_environment() -> Path | None:
    named = os.environ.get("GENHARNESS_WEIGHTS")
    if not named:
        return None
    place = expanded(named)
    if not place.exists():
        raise DataError(f"GENHARNESS_WEIGHTS={named} does not exist: set it to a weights file or a folder of them")
    return place


def _own() -> Path:
    return home() / "weights"


def _passed_over() -> str:
    """Return what to say of a lone file in `$GENHARNESS_WEIGHTS`, once nothing was found there or elsewhere."""
    named = os.environ.get("GENHARNESS_WEIGHTS", "")
    lone = named and expanded(named).is_file()
    return f", as GENHARNESS_WEIGHTS={named} is not these weights" if lone else ""


def _torch_hub() -> Path:
    """Return where `torch.hub` keeps downloads, by its documented rule and without importing torch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    return expanded(os.environ.get("TORCH_HOME", cache / "torch")) / "hub" / "checkpoints"


def _in_place(remote: Remote, place: Path | None) -> Path | None:
    """Return the candidate at `place`, a folder or one file, under any name that a mirror gives it."""
    if place is None:
        return None
    names = {remote.filename, *(PurePosixPath(url).name for url in remote.urls)}
    try:
        if place.is_file():  # a lone file may be another extractor's
            return place if place.name in names or has_checksum(place, remote) else None
        return next((path for name in (remote.filename, *sorted(names)) if (path := place / name).is_file()), None)
    except PermissionError:  # such as another user's home: nothing that could be used is there
        return None


def _checked(path: Path, remote: Remote) -> Path:
    try:
        wrong = mismatch(path, remote)
    except OSError as error:
        raise DataError(f"weights {path} cannot be read ({error.strerror}): pass another file as --weights") from error
    if wrong:
        raise DataError(f"weights {path} {wrong}: delete or replace it, or pass another file as --weights")
    return path
