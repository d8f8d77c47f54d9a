"""Dataset references: what a user types to name a dataset and a variant of it. Standard library only.

    NAME[:PATH][@SIZE][:grey|:rgb][:crop|:pad|:stretch][#VIEW]

`cifar10`, `cifar10@64`, `cifar10@64:grey`, `cifar10@grey`, `folder:holiday/photos@128`, and views of a part:
`cifar10#5000` (that many of each split), `cifar10#validation=10000`, `cifar10#classes=cat+dog,5000`. Of files with
columns or arrays they name those: `h5:a.h5#images`, `parquet:a.parquet#photo,label=species,5000`.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from genharness.errors import ConfigError, shown

__all__ = [
    "FITS",
    "MOST_SAMPLES",
    "SIZES",
    "Channels",
    "DatasetReference",
    "Fit",
    "as_reference",
    "parse_reference",
    "recorded_name",
    "split_references",
    "with_view",
]

Channels = Literal["grey", "rgb"]
Fit = Literal["crop", "pad", "stretch"]
FITS: tuple[Fit, ...] = get_args(Fit)
"""How a picture that is no square is made one."""

_FORM = re.compile(r"(?P<base>.+?)(?P<variant>@[^@#/\\]*)?(?P<view>#[^#/\\]*)?", re.DOTALL)
_VARIANT = re.compile(r"@((?P<size>\d+)(:|$))?((?P<channels>grey|rgb)(:|$))?(?P<fit>crop|pad|stretch)?", re.ASCII)
_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
SIZES = range(4, 1025)
"""Sides in pixels that can be asked for."""
_LONGEST_NAME = 80
MOST_SAMPLES = 10**9
"""Most samples that anything may ask for."""
_HOW = "write NAME, NAME@64, NAME@64:grey, NAME#5000 or folder:PATH@64"
_KINDS = {f".{kind}": kind for kind in ("zip", "npz", "tar", "parquet", "h5", "csv")}
_COLUMN = re.compile(r"[^\W\d][^,=+#/\\]*")
_NAMED = frozenset({"array", "hf"})
"""What stands behind these is a name, of what a program held or a library has, unless it begins as a path does."""


@dataclass(frozen=True, slots=True)
class DatasetReference:
    """A dataset and the variant of it that is meant.

    Attributes:
        name: Name of the dataset plugin.
        path: Absolute path of a parametric dataset (`folder:PATH`), or a name (`hf:NAME`); else None.
        size: Side of the square images asked for, in pixels; None leaves the data's own.
        channels: `grey` or `rgb`; None leaves the data's own.
        fit: How pictures that are no squares are made some: `crop`, `pad` or `stretch`; None crops to a size that is
            asked for, and refuses pictures of mixed shapes where none is.
        samples: Column or array that holds the samples, of files that have several; empty for the usual names.
        label: Column or array that holds the labels, likewise.
        classes: Only these classes, in the dataset's order; empty for all.
        validation: Samples taken from the train split, stratified, for a `validation` split; None for none.
        limit: At most this many samples of each split, stratified; None for all.
    """

    name: str
    path: str | None = None
    size: int | None = None
    channels: Channels | None = None
    fit: Fit | None = None
    samples: str = ""
    label: str = ""
    classes: tuple[str, ...] = ()
    validation: int | None = None
    limit: int | None = None

    def __str__(self) -> str:
        return f"{self.base}{self.variant}{self.view}"

    @property
    def base(self) -> str:
        """Name and path: `cifar10`, `folder:/data/cats`."""
        return self.name if self.path is None else f"{self.name}:{self.path}"

    @property
    def variant(self) -> str:
        """Size, channels and fit: `@64:grey:pad`, or empty."""
        parts = [str(part) for part in (self.size, self.channels, self.fit) if part is not None]
        return "@" + ":".join(parts) if parts else ""

    @property
    def view(self) -> str:
        """Part of the data: `#images,validation=10000,5000`, or empty."""
        parts = [self.samples] if self.samples else []
        if self.label:
            parts.append(f"label={self.label}")
        if self.classes:
            parts.append(f"classes={'+'.join(self.classes)}")
        if self.validation is not None:
            parts.append(f"validation={self.validation}")
        if self.limit is not None:
            parts.append(str(self.limit))
        return "#" + ",".join(parts) if parts else ""

    @property
    def whole(self) -> DatasetReference:
        """The same variant of all the data."""
        return replace(self, classes=(), validation=None, limit=None)

    @property
    def original(self) -> DatasetReference:
        """All the data, at its own size and channels."""
        return replace(self.whole, size=None, channels=None, fit=None)

    @property
    def folder_name(self) -> str:
        """A file name that is its own for each reference and readable on every system."""
        text = f"{self.variant}{self.view}".replace(":", "-")
        base = self.name
        if self.path is not None:
            base = f"{self.name}-{Path(self.path).name}"
        plain = re.sub(r"[^\w.@#=+,-]", "_", f"{base}{text}", flags=re.ASCII)
        if plain == str(self) and len(plain) <= _LONGEST_NAME:
            return plain
        own = hashlib.sha256(str(self).encode("utf-8", "surrogateescape")).hexdigest()[:10]
        return f"{plain[:_LONGEST_NAME]}-{own}"


def parse_reference(text: str) -> DatasetReference:
    """Return what a user's text means; a relative path is taken from the current folder.

    In `folder:PATH` a trailing `@…` or `#…` is the variant; end a path that really ends so with a slash.

    Raises:
        ConfigError: If it is malformed; the message quotes it and shows the forms.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise ConfigError(f"the dataset name is empty: {_HOW}")
    name, colon, path = form["base"].partition(":")
    if not _NAME.fullmatch(name) or (colon and not path):
        meant = as_reference(form["base"])
        raise ConfigError(f"{shown(text)!r} is not a dataset name: {f'write {shown(meant)}' if meant else _HOW}")
    is_name = name in _NAMED and not path.startswith((".", "/", "~"))
    reference = DatasetReference(name, (path if is_name else _absolute(path)) if path else None)
    return _with_variant(text, _read_view(text, reference, form["view"]), form["variant"])


def as_reference(path: str) -> str:
    """Return how data is named that lies at a path, such as `csv:wine.csv`; empty where nothing that is data does."""
    if not _is_there(path):
        return ""
    kind = "folder" if Path(path).expanduser().is_dir() else _KINDS.get(Path(path).suffix.lower(), "")
    return f"{kind}:{path}" if kind else ""


def recorded_name(text: str) -> str:
    """Return the name under which records have what a user's text means; the text itself where it is no reference.

    `csv:wine.csv` stands there with its absolute path.
    """
    try:
        return str(parse_reference(text))
    except ConfigError:
        return text


def split_references(text: str) -> tuple[str, ...]:
    """Return the references that a comma-separated list holds; a comma may stand in a path and in a view as well.

    `folder:Smith, 2020,mnist` are two where there is a folder of that name: the longest path that exists is taken.
    `cifar10#classes=cat+dog,5000,mnist` are two, as `5000` is no name of a dataset and goes on with the view.
    """
    parts = text.split(",")
    found: list[str] = []
    while parts:
        taken = next(length for length in range(len(parts), 0, -1) if length == 1 or _is_one(parts[:length]))
        found.append(",".join(parts[:taken]).strip())
        parts = parts[taken:]
    return tuple(one for one in found if one)


def _is_one(parts: list[str]) -> bool:
    """Whether pieces between commas are one reference: they go on with its view, or its path exists with the commas."""
    view = next((place for place, part in enumerate(parts) if "#" in part), len(parts))
    if not all(_VIEW_PART.fullmatch(part.strip()) for part in parts[view + 1 :]):
        return False
    return view == 0 or _path_exists(",".join(parts).strip())


def _path_exists(text: str) -> bool:
    form = _FORM.fullmatch(text)
    name, _, path = form["base"].partition(":") if form else ("", "", "")
    if form and "," in (form["variant"] or ""):
        return False  # no size holds one: another dataset follows it
    return bool(_NAME.fullmatch(name) and path) and _is_there(path)


def _is_there(path: str) -> bool:
    try:
        return Path(path).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # too long, ~nobody, a NUL byte
        return False


_VIEW_PART = re.compile(r"\d+|(validation|classes|label)=.*", re.DOTALL)


def _absolute(path: str) -> str:
    """Return an absolute path, `~` and `..` resolved; refuse one that no file can be named by."""
    if "\0" in path:
        raise ConfigError(f"the path {shown(path)!r} holds a NUL byte, which no file's name does")
    try:
        found = os.path.abspath(Path(path).expanduser())  # noqa: PTH100 -- also takes `..` out
    except RuntimeError as error:  # ~nobody
        raise ConfigError(f"the path {shown(path)} cannot be resolved ({error}): write it out") from error
    return found


def _with_variant(text: str, reference: DatasetReference, variant: str | None) -> DatasetReference:
    if variant is None:
        return reference
    form = _VARIANT.fullmatch(variant)
    if form is None or variant.endswith(("@", ":")):
        raise ConfigError(f"{shown(text)!r}: {shown(variant)!r} is not a size such as @64, @64:grey, @grey or @64:pad")
    size = _whole(form["size"]) if form["size"] else None
    if size is not None and size not in SIZES:
        raise ConfigError(f"{shown(text)!r}: the size must be {SIZES.start} to {SIZES.stop - 1} pixels")
    words: dict[str, Any] = {key: form[key] for key in ("channels", "fit")}
    return replace(reference, size=size, **words)


def _read_view(text: str, reference: DatasetReference, view: str | None) -> DatasetReference:
    if view is None:
        return reference
    for place, part in enumerate(view[1:].split(",")):
        key, equals, value = part.partition("=")
        if key == "classes" and value:
            reference = replace(reference, classes=tuple(value.split("+")))
        elif key == "validation" and value:
            reference = replace(reference, validation=_positive(text, value))
        elif key == "label" and _COLUMN.fullmatch(value):
            reference = replace(reference, label=value)
        elif place == 0 and _COLUMN.fullmatch(part):
            reference = replace(reference, samples=part)
        elif not equals:
            reference = replace(reference, limit=_positive(text, key))
        else:
            raise ConfigError(
                f"{shown(text)!r}: {shown(part)!r} is not a view such as 5000, validation=1000 or classes=cat+dog"
            )
    return reference


def _positive(text: str, number: str) -> int:
    if not (number.isascii() and number.isdigit() and 0 < _whole(number) <= MOST_SAMPLES):
        hint = ", and a path may hold no #: rename it, or link to it under another name" if "/" in text else ""
        wrong = f"{shown(number)!r} is not a positive whole number of samples, {MOST_SAMPLES:,} at most"
        raise ConfigError(f"{shown(text)!r}: {wrong}{hint}")
    return _whole(number)


def _whole(digits: str) -> int:
    """Return the number that digits stand for; one of more than twenty is only known to be too large for anything."""
    return int(digits.lstrip("0")[:20] or "0")


def with_view(reference: DatasetReference, *, limit: int | None = None, splits: str | None = None) -> DatasetReference:
    """Return the reference with a view given beside it, which overrides its own.

    Args:
        reference: What was named.
        limit: At most this many samples of each split.
        splits: A split scheme, `validation=COUNT`.

    Raises:
        ConfigError: If either is malformed.
    """
    if splits is not None:
        if not splits.startswith("validation="):
            raise ConfigError(f"{splits!r} is not a split scheme: write validation=COUNT")
        reference = _read_view(f"{reference} {splits}", reference, f"#{splits}")
    return reference if limit is None else replace(reference, limit=_positive(f"limit {limit}", str(limit)))
