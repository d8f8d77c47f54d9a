"""Preparing a dataset once, safely beside other processes, and opening what is prepared."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from genharness.data.fingerprint import fingerprint, is_at_hand
from genharness.data.prepared import PreparedData, meta_of, open_folder
from genharness.data.request import PrepareRequest
from genharness.data.seal import seal
from genharness.data.variants import derive
from genharness.data.writer import ArrayWriter
from genharness.errors import ConfigError, DataError, PluginError
from genharness.files.atomic import delete, replace_folder
from genharness.files.home import home
from genharness.files.turns import take
from genharness.identity.parts import part_code
from genharness.plugin.blame import one_line
from genharness.plugin.containment import leaving_the_process_alone
from genharness.plugin.registry import load_factory
from genharness.spec.dataset_name import DatasetReference, Fit, parse_reference, with_view
from genharness.spec.plugins import DatasetSpec
from genharness.spec.report import Report, silent

__all__ = [
    "data_home",
    "ensure_prepared",
    "is_by_other_code",
    "is_prepared",
    "open_prepared",
    "prepared_folder",
    "remove_prepared",
    "resolve",
]

_WHOLE_FIRST_BYTES = 1 << 30
"""Variants of data up to this size are made from its whole preparation; of larger data, straight from the source."""


def data_home() -> Path:
    """Return the folder that holds prepared datasets."""
    return home() / "data"


def prepared_folder(reference: DatasetReference) -> Path:
    """Return where a reference is, or would be, prepared."""
    return data_home() / reference.folder_name


def ensure_prepared(
    spec: DatasetSpec,
    reference: DatasetReference | str,
    *,
    limit: int | None = None,
    splits: str | None = None,
    source: Path | None = None,
    report: Report | None = None,
    force: bool = False,
) -> PreparedData:
    """Open a prepared dataset, preparing it first where that is still to be done.

    Two processes that want the same dataset take turns. What is interrupted leaves nothing behind that a
    reader could take for a dataset, and an earlier preparation stays as it was.

    Args:
        spec: The dataset.
        reference: Which variant of it.
        limit: At most this many samples of each split, stratified and seeded.
        splits: `validation=COUNT` takes a stratified, seeded validation split from train.
        source: A folder, archive or file to import instead of downloading.
        report: Told of the progress.
        force: Prepare again even if it is prepared.

    Raises:
        ConfigError: If the reference does not fit the dataset.
        DataError: If the source is unusable, the disk full, or the prepared folder damaged.
    """
    wanted = resolve(spec, reference, limit=limit, splits=splits)
    if source is not None and wanted.path is not None and Path(wanted.path).is_absolute():
        raise ConfigError(f"{wanted} names its own source: leave --from {source} out")
    with _disk_errors(wanted):
        return _ensure(spec, wanted, source, report or silent, force=force)


def open_prepared(
    spec: DatasetSpec, reference: DatasetReference | str, *, limit: int | None = None, splits: str | None = None
) -> PreparedData:
    """Open a dataset that is prepared.

    Raises:
        ConfigError: If the reference does not fit the dataset.
        DataError: If it is not prepared, or damaged; the message says which command to run.
    """
    wanted = resolve(spec, reference, limit=limit, splits=splits)
    folder = prepared_folder(wanted)
    if not folder.exists():
        raise DataError(f"{wanted} is not prepared: run `genharness data prepare {shlex.quote(str(wanted))}`")
    return open_folder(folder, str(wanted))


def is_by_other_code(spec: DatasetSpec, data: PreparedData) -> bool:
    """Return whether data was prepared by other code than is installed; False where either is not known.

    Such data is prepared anew where its source is at hand, and kept where that takes a download or `--from`.
    """
    return bool(data.meta.code) and _code(spec) not in ("", data.meta.code)


def is_prepared(
    spec: DatasetSpec, reference: DatasetReference | str, *, limit: int | None = None, splits: str | None = None
) -> bool:
    """Return whether a variant is prepared; its arrays are not looked into."""
    return (prepared_folder(resolve(spec, reference, limit=limit, splits=splits)) / "meta.json").is_file()


def remove_prepared(reference: DatasetReference) -> int:
    """Delete one prepared variant and return the bytes that became free; other variants stay.

    Raises:
        DataError: If it is not prepared or cannot be deleted.
    """
    folder = prepared_folder(reference)
    if not folder.is_dir():
        raise DataError(f"{reference} is not prepared: there is nothing to remove")
    with _disk_errors(reference, "removed"), _turn(folder, reference, silent):
        if folder.is_symlink():  # what it leads to is somebody else's
            delete(folder)
            return 0
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        (folder / "meta.json").unlink(missing_ok=True)  # from here on nobody takes it for a dataset
        delete(folder)
    return size


def resolve(
    spec: DatasetSpec,
    reference: DatasetReference | str,
    *,
    limit: int | None = None,
    splits: str | None = None,
    fit: Fit | None = None,
) -> DatasetReference:
    """Return the reference with views applied, held against the spec.

    Args:
        spec: The dataset.
        reference: Which variant of it.
        limit: At most this many samples of each split.
        splits: `validation=COUNT`.
        fit: How pictures that are no squares become some, where the reference says nothing and it can matter.

    Raises:
        ConfigError: If it names another dataset, lacks a path, has one too many, asks a table for pixels, or a dataset
            without columns for one.
    """
    parsed = parse_reference(reference) if isinstance(reference, str) else reference
    wanted = _with_fit(spec, with_view(parsed, limit=limit, splits=splits), fit)
    if wanted.name != spec.name:
        raise ConfigError(f"{wanted} is not a variant of {spec.name}")
    if spec.parametric and wanted.path is None:
        raise ConfigError(f"{spec.name} needs a path: write {spec.name}:PATH")
    if wanted.path is not None and not spec.parametric:
        raise ConfigError(f"{spec.name} takes no path: write {spec.name}, and `data prepare {spec.name} --from PATH`")
    if spec.modality == "tabular" and wanted.variant:
        raise ConfigError(f"{spec.name} is a table: it has no {wanted.variant}")
    if (wanted.samples or wanted.label) and not spec.selects:
        raise ConfigError(f"{spec.name} has no columns to choose from: leave {wanted.view} out")
    return wanted


def _with_fit(spec: DatasetSpec, reference: DatasetReference, fit: Fit | None) -> DatasetReference:
    """Return a reference that says how pictures become squares only where that makes a difference: one name a variant.

    Raises:
        ConfigError: If it asks for a fit, and for no size that pictures could be fitted to.
    """
    if spec.shape is not None and reference.size is None:
        if reference.fit is not None:
            raise ConfigError(f"{spec.name}@{reference.fit} names no size: write {spec.name}@64:{reference.fit}")
        return reference
    chosen = reference.fit or fit
    square = spec.shape is not None and len(set(spec.shape[1:])) == 1
    crops_anyway = chosen == "crop" and reference.size is not None
    return replace(reference, fit=None if square or crops_anyway else chosen)


def _ensure(
    spec: DatasetSpec, wanted: DatasetReference, source: Path | None, report: Report, *, force: bool
) -> PreparedData:
    folder = prepared_folder(wanted)
    if not force and _is_current(spec, wanted):
        return open_folder(folder, str(wanted), report)
    if _is_absent(wanted):  # what prepares it says so: nothing is locked, read or kept for a path with a slip in it
        _prepare(spec, wanted, source, report)
    with _turn(folder, wanted, report):
        if force or not _is_current(spec, wanted):  # another process may have done it meanwhile
            _remove_leftovers(folder)
            _prepare(spec, wanted, source, report)
    return open_folder(folder, str(wanted))


def _whole_of(spec: DatasetSpec, wanted: DatasetReference) -> DatasetReference:
    """Return the reference that the plugin itself prepares, of which `wanted` is a variant or which it is."""
    if wanted.original == wanted:
        return wanted
    if spec.shape is None:
        return wanted.whole
    folder = prepared_folder(wanted.original)
    if (folder / "meta.json").is_file():
        meta = meta_of(folder, str(wanted.original))
        # pixels that were resampled once are not enlarged: larger pictures come from the source
        enlarges = meta.touched.get("resized", 0) and (wanted.size or 0) > min(meta.shape[1:])
        return wanted.whole if enlarges else wanted.original
    small = math.prod(spec.shape) * sum(spec.counts.values()) <= _WHOLE_FIRST_BYTES
    return wanted.original if small else wanted.whole


def _is_current(spec: DatasetSpec, wanted: DatasetReference) -> bool:
    """Whether the prepared folder is there and what it was made from is unchanged."""
    whole = _whole_of(spec, wanted)
    folder, whole_folder = prepared_folder(wanted), prepared_folder(whole)
    if not (folder / "meta.json").is_file():
        return False
    meta = meta_of(folder, str(wanted))
    own = wanted.path is not None and is_at_hand(wanted.path)
    if own and meta.source_state != fingerprint(wanted.path or ""):
        return False
    has_whole = wanted != whole and (whole_folder / "meta.json").is_file()
    at_hand = spec.bundled or has_whole or own
    if at_hand and _code(spec) not in ("", meta.code):
        return False
    if not has_whole:
        return True
    same = meta.derived_from in ("", meta_of(whole_folder, str(whole)).content_hash)
    return same and _is_current(spec, whole)


def _is_absent(wanted: DatasetReference) -> bool:
    """Whether a path on this machine is named, not all of it is there, and no variant of what was there will do."""
    whole = wanted == wanted.whole and wanted.path is not None
    return whole and Path(wanted.path or "").is_absolute() and not is_at_hand(wanted.path or "")


def _code(spec: DatasetSpec) -> str:
    """Return the digest of the code that prepares a dataset; empty where that is not to be had, and not needed."""
    try:
        return part_code(spec).digest
    except PluginError:
        return ""


def _prepare(spec: DatasetSpec, wanted: DatasetReference, source: Path | None, report: Report) -> None:
    state = fingerprint(wanted.path) if wanted.path is not None else ""
    base = _base(spec, wanted, source, report)
    code = "" if _is_absent(wanted) else _code(spec)
    with replace_folder(prepared_folder(wanted)) as folder:
        origin = spec.homepage if source is None else f"{spec.homepage} (imported from {source.name})".strip()
        writer = ArrayWriter(folder, wanted, class_names=spec.class_names, licence=spec.licence, source=origin)
        try:
            if base is None:
                _contained(spec, PrepareRequest(spec, wanted, source, writer, report))
            else:
                derive(base, writer, report)
            base_hash = base.content_hash if base else ""
            meta = writer.finish(source_state=state, derived_from=base_hash, code=code)
        finally:
            writer.abandon()
        seal(folder, meta.arrays)


def _contained(spec: DatasetSpec, request: PrepareRequest) -> None:
    """Let a plugin prepare its data.

    Raises:
        PluginError: If it leaves the process changed, or would end it.
    """
    prepare = load_factory(spec)
    try:
        with leaving_the_process_alone(f"{spec.name}: what prepares it"):
            prepare(request)
    except (SystemExit, GeneratorExit) as error:
        raise PluginError(f"{spec.name}: what prepares it raised {one_line(error)}") from error


def _base(spec: DatasetSpec, wanted: DatasetReference, source: Path | None, report: Report) -> PreparedData | None:
    """Return what the variant is made from, prepared where it was not; None where the plugin prepares it itself."""
    whole = _whole_of(spec, wanted)
    while whole != wanted:
        base = _ensure(spec, whole, source, report, force=False)
        if _whole_of(spec, wanted) == whole:
            return base
        whole = _whole_of(spec, wanted)  # only the prepared data showed that its pixels will not do
    return None


@contextlib.contextmanager
def _turn(folder: Path, reference: DatasetReference, report: Report) -> Iterator[None]:
    """Hold the lock of one prepared folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    if not take(lock, timeout_seconds=0):
        report(0, 0, f"waiting for another process that prepares {reference}")
        take(lock)
    try:
        yield
    finally:
        lock.release()


def _remove_leftovers(folder: Path) -> None:
    """Delete what killed preparations of this folder left; its lock is held, so none of them is alive."""
    temporary = re.compile(r"\.\d+-[0-9a-f]{8}\." + re.escape(folder.name))
    for name in os.listdir(folder.parent):  # noqa: PTH208 -- a suite may prepare thousands beside each other
        if name.endswith(folder.name) and temporary.fullmatch(name):
            delete(folder.parent / name)


@contextlib.contextmanager
def _disk_errors(reference: DatasetReference, done: str = "prepared") -> Iterator[None]:
    """Turn what the operating system refuses into one line for the user."""
    doing = {"prepared": "preparing", "removed": "removing"}[done]
    try:
        yield
    except OSError as error:
        where = error.filename or data_home()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            line = f"disk full while {doing} {reference} in {data_home()}: free some space, or set GENHARNESS_HOME"
        elif isinstance(error, PermissionError) or error.errno == errno.EROFS:
            line = f"no permission for {where} while {doing} {reference}: change it, or set GENHARNESS_HOME"
        else:
            line = f"{reference} cannot be {done}: {where}: {error.strerror or error}"
        raise DataError(line) from error
