"""Reading archives that strangers made: tar, tar.gz, tar.bz2, tar.xz and zip, refusing what could do harm.

Refused, with the member's name: paths that leave the folder, links, devices, encrypted members, a name that
comes twice or is that of a file and a folder, and contents out of all proportion to the archive ("bombs").
"""

from __future__ import annotations

import contextlib
import errno
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Self

from genharness.errors import DataError, reason
from genharness.spec.report import Report

__all__ = ["Member", "UnreadableError", "extract_archive", "is_archive", "list_members", "open_zip", "read_members"]

Wanted = Callable[[str], bool]

_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    NotImplementedError,
    UnicodeDecodeError,
)
"""What the parsers raise for damage, besides some kinds of OSError."""

MAX_RATIO = 200
"""Largest unpacked size for each byte of the archive; pictures stay near 1, text below 50."""
ALLOWANCE_BYTES = 64 << 20
"""Unpacked size that no archive is refused for."""
MAX_MEMBERS = 5_000_000
_LONGEST_NAME = 255
_MAX_EXTENDED_HEADER_BYTES = 1 << 20
"""Long names and attributes are read into memory whole."""


class UnreadableError(DataError):
    """One file of an archive or a folder cannot be read.

    Attributes:
        reason: Why, for a sentence that names the file.
    """

    def __init__(self, where: str, name: str, reason: str) -> None:
        super().__init__(where, name, reason)
        self.where, self.name, self.reason = where, name, reason

    def __str__(self) -> str:
        return f"{self.where}: {self.name!r} cannot be read ({self.reason}): mend or remove it"


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file in an archive.

    Attributes:
        name: Its path inside, with slashes, relative and without `..`.
        size: Its unpacked bytes.
    """

    name: str
    size: int


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip or a (compressed) tar, by its content."""
    if not path.is_file():
        return False
    try:
        return _is_zip(path) or tarfile.is_tarfile(path)
    except (OSError, EOFError, lzma.LZMAError, zlib.error):
        return False


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _is_npz(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def list_members(path: Path) -> list[Member]:
    """Return the regular files of an archive, all of them checked; a .npz is read as a zip, or refused.

    Raises:
        DataError: If it is no archive, damaged, or holds something that is refused.
    """
    return [member for member, _ in _walk(path)]


def read_members(path: Path, wanted: Wanted | None = None) -> Iterator[tuple[Member, bytes]]:
    """Yield (member, content) in the archive's own order, one in memory at a time.

    Args:
        path: The archive.
        wanted: Says by the name which members to read; all when None. The others are checked all the same.

    Raises:
        DataError: If it is no archive, damaged, or holds something that is refused.
    """
    for member, stream in _walk(path, wanted):
        if stream is not None:
            yield member, _read(path, member, stream)


def extract_archive(path: Path, folder: Path, wanted: Wanted | None = None, report: Report | None = None) -> list[Path]:
    """Unpack regular files below an existing folder and return them; sizes do not matter to memory.

    Args:
        path: The archive.
        folder: Where to; on an exception what was unpacked so far is left to the caller, who owns the folder.
        wanted: Says by the name which members to unpack.
        report: Told (files so far, 0, text).

    Raises:
        DataError: If it is no archive, damaged, or holds something that is refused.
        OSError: If the disk refuses.
    """
    written = []
    for member, stream in _walk(path, wanted):
        if stream is None:
            continue
        target = folder / member.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            _copy(path, member, stream, file)
        written.append(target)
        if report is not None:
            report(len(written), 0, f"unpacking {path.name}")
    return written


def _copy(path: Path, member: Member, stream: IO[bytes], file: IO[bytes]) -> None:
    left = member.size
    while True:
        with _damage(path):
            chunk = stream.read(min(1 << 20, left + 1))
        if len(chunk) > left:
            raise DataError(f"{path}: {member.name!r} is longer than the archive says: it is damaged or hostile")
        if not chunk:
            break
        file.write(chunk)
        left -= len(chunk)
    if left:
        raise DataError(f"{path} is damaged: {member.name!r} ends early")


def _read(path: Path, member: Member, stream: IO[bytes]) -> bytes:
    with _damage(path):
        content = stream.read(member.size + 1)
    if len(content) != member.size:
        raise DataError(f"{path}: {member.name!r} does not have the size that the archive says: it is damaged")
    return content


def _walk(path: Path, wanted: Wanted | None = None) -> Iterator[tuple[Member, IO[bytes] | None]]:
    """Yield every regular file, checked, with its content where it is wanted."""
    if not path.is_file():
        raise DataError(f"{path} is not a file: give a zip or tar archive")
    guard = _Guard(path)
    wanted = wanted or (lambda _: True)
    with _damage(path):
        as_zip = _is_npz(path) or _is_zip(path)
        yield from _walk_zip(path, guard, wanted) if as_zip else _walk_tar(path, guard, wanted)


def _walk_zip(path: Path, guard: _Guard, wanted: Wanted) -> Iterator[tuple[Member, IO[bytes] | None]]:
    with zipfile.ZipFile(path) as archive:
        for member, info in _zip_members(archive, guard):
            if wanted(member.name):
                with archive.open(info) as stream:
                    yield member, stream
            else:
                yield member, None


def _zip_members(archive: zipfile.ZipFile, guard: _Guard) -> Iterator[tuple[Member, zipfile.ZipInfo]]:
    for info in archive.infolist():
        kind = info.external_attr >> 28  # the file type of a Unix mode: 0 unknown, 4 folder, 8 file, 10 link
        if info.filename and info.is_dir():
            continue
        if kind not in (0, 8):
            raise guard.refusal(info.filename, "it is a link or a device")
        if info.flag_bits & 1:
            raise guard.refusal(info.filename, "it is encrypted")
        yield guard.admit(info.filename, info.file_size), info


def _walk_tar(path: Path, guard: _Guard, wanted: Wanted) -> Iterator[tuple[Member, IO[bytes] | None]]:
    with tarfile.open(path, "r:*", tarinfo=_StrictHeader) as archive:
        while (info := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # else a million headers stay in memory
            if info.isdir():
                continue
            if not info.isreg():
                raise guard.refusal(info.name, "it is a link or a device")
            member = guard.admit(info.name, info.size)
            yield member, archive.extractfile(info) if wanted(member.name) else None
        _read_to_the_end(archive, guard)


def _read_to_the_end(archive: tarfile.TarFile, guard: _Guard) -> None:
    """Reach the checksum of a compressed stream, which stands behind the padding of the tar."""
    padding = 0
    while archive.fileobj is not None and (chunk := archive.fileobj.read(1 << 20)):
        padding += len(chunk)
        if padding > ALLOWANCE_BYTES:
            raise guard.refusal("(padding)", "the contents are out of all proportion to the archive")


class _StrictHeader(tarfile.TarInfo):
    """A tar header that is damaged or missing is an error; `tarfile` takes it for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):  # the mark of the end
                raise
            raise tarfile.ReadError(f"a header is damaged or cut off: {error}") from error
        if not header.isreg() and header.size > _MAX_EXTENDED_HEADER_BYTES:
            raise tarfile.ReadError(f"an extended header claims {header.size:,} bytes")
        return header


class _Guard:
    """Lets the members of one archive pass, or refuses them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = path.stat().st_size * MAX_RATIO + ALLOWANCE_BYTES
        self._seen: set[str] = set()
        self._folders: set[str] = set()

    def admit(self, name: str, size: int) -> Member:
        """Return the member of a regular file.

        Raises:
            DataError: If its name leaves the folder or came before, or the total size is out of proportion.
        """
        clean = self._clean(name)
        self._left -= size
        if clean in self._seen:
            raise self.refusal(name, "the name comes twice")
        if clean in self._folders or not self._fits_into_folders(clean):
            raise self.refusal(name, "it is a file and a folder")
        self._seen.add(clean)
        if self._left < 0 or len(self._seen) > MAX_MEMBERS:
            raise self.refusal(name, "the contents are out of all proportion to the archive")
        return Member(clean, size)

    def _fits_into_folders(self, name: str) -> bool:
        """Note the folders that a file lies in, and return whether none of them is a file."""
        folder = name.rpartition("/")[0]
        while folder and folder not in self._folders:
            if folder in self._seen:
                return False
            self._folders.add(folder)
            folder = folder.rpartition("/")[0]
        return True

    def _clean(self, name: str) -> str:
        if not name:
            raise self.refusal(name, "it has no name")
        path = PurePosixPath(name)
        harmful = path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or name[1:2] == ":"
        if harmful or not path.parts:
            raise self.refusal(name, "its path leaves the folder")
        if any(len(part.encode("utf-8", "surrogateescape")) > _LONGEST_NAME for part in path.parts):
            raise self.refusal(name[:60], f"its name is longer than the {_LONGEST_NAME} bytes of any file's")
        return str(path)

    def refusal(self, name: str, reason: str) -> DataError:
        """Return the error that names the archive, the member and the reason."""
        return DataError(f"{self._path}: {name!r} is refused: {reason}; nothing was imported")


@contextlib.contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Name the archive when its bytes make no sense."""
    try:
        yield
    except (*_BROKEN, OSError) as error:
        if _is_trouble_of_the_disk(error):
            raise
        if packer := _packed_by(path):
            raise DataError(
                f"{path} is packed by {packer}, which is not read: unpack it, or pack it by gzip"
            ) from error
        kind = ".npz file" if _is_npz(path) else "zip or tar archive"
        raise DataError(f"{path} is damaged or no {kind} ({_reason(error)}): download or pack it again") from error


_PACKERS = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
}
"""What a file of each begins with."""


def _packed_by(path: Path) -> str:
    """Return which program packed a file in a way that is not read here; empty where none is known to."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        head = file.read(8)
        return next((name for magic, name in _PACKERS.items() if head.startswith(magic)), "")
    return ""


def _is_trouble_of_the_disk(error: Exception) -> bool:
    """Return False for damage: gzip gives it no number, and zipfile seeks to before the start if bytes are missing."""
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EINVAL:
        return "some of its bytes are missing"
    return reason(error)  # tarfile adds a line for each compression


@contextlib.contextmanager
def open_zip(path: Path) -> Iterator[tuple[list[Member], Callable[[str], bytes]]]:
    """Give the members of a zip and a function that reads one by its name, in any order, from any thread.

    Raises:
        DataError: If it is no zip, damaged, or holds something that is refused.
    """
    if not path.is_file():
        raise DataError(f"{path} is not a file: give a zip archive")
    with contextlib.ExitStack() as stack:
        with _damage(path):  # which the caller's own errors below do not pass
            archive = stack.enter_context(zipfile.ZipFile(path))
            members = {member.name: (member, info) for member, info in _zip_members(archive, _Guard(path))}
        yield [member for member, _ in members.values()], lambda name: _read_one(path, archive, *members[name])


def _read_one(path: Path, archive: zipfile.ZipFile, member: Member, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as stream:
            content = stream.read(member.size + 1)
    except (*_BROKEN, OSError) as error:
        if _is_trouble_of_the_disk(error):
            raise
        raise UnreadableError(str(path), member.name, _reason(error)) from error
    if len(content) != member.size:
        raise UnreadableError(str(path), member.name, "it does not have the size that the archive says")
    return content
