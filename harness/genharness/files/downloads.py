"""Downloads: mirrors in order, resumed after a cut, checked before they count, safe beside each other.

A file grows as `NAME.part` in its own folder and takes its name only when its checksum is right; whoever is
interrupted goes on from the part. Standard library and filelock only.
"""

from __future__ import annotations

import errno
import http.client
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from genharness.errors import DataError
from genharness.files.atomic import publish
from genharness.files.checksums import has_checksum, mismatch, promised
from genharness.files.turns import take
from genharness.spec.plugins import Remote

__all__ = ["ByteProgress", "download", "in_words"]

ByteProgress = Callable[[int, int], None]
"""Called with (bytes so far, bytes in all or 0 when unknown) as a download grows."""

_CHUNK_BYTES = 1 << 18
_ATTEMPTS = 5
"""Tries per mirror: each goes on where the one before was cut."""
_REASON_CHARACTERS = 200
_UNREACHABLE = (errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH)


class _MirrorError(Exception):
    """One mirror could not give the file.

    Attributes:
        offline: Whether nothing answered at all, as without a network.
    """

    def __init__(self, reason: str, *, offline: bool = False) -> None:
        super().__init__(" ".join(reason.split())[:_REASON_CHARACTERS])  # servers may send pages of it
        self.offline = offline


class _CutError(_MirrorError):
    """The body ended early; another request may go on from there."""


def download(
    remote: Remote,
    folder: Path,
    progress: ByteProgress | None = None,
    *,
    instead: str = "--from PATH",
    timeout_seconds: float = 30.0,
) -> Path:
    """Return `folder / remote.filename` with the promised content, downloading what is missing of it.

    A file that is already there and right is returned without a request. Two processes that want the same
    file take turns, and the second finds it done.

    Args:
        remote: Addresses, checksum and name.
        folder: Where it is kept; created where it is missing.
        progress: Told of bytes as they arrive.
        instead: The option that error messages offer to those who have the file already.
        timeout_seconds: Longest silence of a server.

    Raises:
        DataError: If there is no network, no mirror has the promised content, or the disk refuses.
        PluginError: If `remote` has no checksum.
    """
    path = folder / remote.filename
    promised(remote)
    try:
        if path.is_file() and has_checksum(path, remote):
            return path
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{remote.filename}.lock")
        take(lock)
        try:
            if not (path.is_file() and has_checksum(path, remote)):
                _from_mirrors(remote, path, progress or _silent, instead, timeout_seconds)
        finally:
            lock.release()
    except OSError as error:
        raise DataError(_disk_line(error, path)) from error
    return path


def in_words(report: Callable[[str], None], filename: str) -> ByteProgress:
    """Return a `ByteProgress` that reports a line at the start and whenever another tenth has arrived.

    Args:
        report: Takes one line.
        filename: What is downloaded.
    """
    told = -1

    def progress(done: int, total: int) -> None:
        nonlocal told
        tenth = 10 * done // total if total else done >> 26
        if tenth > told:
            told = tenth
            report(f"downloading {filename}: {done >> 20} of {total >> 20 if total else '?'} MiB")

    return progress


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def _from_mirrors(remote: Remote, path: Path, progress: ByteProgress, instead: str, timeout_seconds: float) -> None:
    part = path.with_name(f"{path.name}.part")
    failures: list[tuple[str, _MirrorError]] = []
    for url in remote.urls:
        try:
            _from_mirror(url, remote, part, progress, timeout_seconds)
        except _MirrorError as error:
            failures.append((url, error))
        else:
            publish(part, path)
            return
    raise DataError(_failure_line(remote, path, failures, instead))


def _from_mirror(url: str, remote: Remote, part: Path, progress: ByteProgress, timeout_seconds: float) -> None:
    """Fill `part` until its checksum is right."""
    cut = None
    for _ in range(_ATTEMPTS):
        resumed = part.exists()
        try:
            _fetch(url, remote, part, progress, timeout_seconds)
        except _CutError as error:
            cut = error
            continue
        wrong = mismatch(part, remote)
        if not wrong:
            return
        part.unlink()  # never resumed: nobody can say which bytes are wrong
        if not resumed:
            raise _MirrorError(f"the file {wrong}")
    raise cut or _MirrorError("what it sends after a resumed download is never the promised file")


def _fetch(url: str, remote: Remote, part: Path, progress: ByteProgress, timeout_seconds: float) -> None:
    """Append to `part` what the server still has; start again where it cannot go on from the middle."""
    start = part.stat().st_size if part.exists() else 0
    response = _open(url, start, timeout_seconds)
    if response is None:  # nothing lies beyond `start`: all of it is here, or too much is
        return
    with response:
        start = start if _goes_on_from(response, start) else 0
        length = _length(response)
        total = remote.size if length is None else start + length
        done = start
        with part.open("ab" if start else "wb") as file:
            for chunk in _chunks(response):
                file.write(chunk)
                done += len(chunk)
                progress(done, total)
    if done < total:
        raise _CutError(f"the connection ended after {done:,} of {total:,} bytes")


def _open(url: str, start: int, timeout_seconds: float) -> Any:
    """Return the response, or None when the server has nothing from byte `start` on."""
    if not url.lower().startswith(("https://", "http://")):  # `file:` would read any file of this machine
        raise _MirrorError("it is no address of the web")
    headers = {"User-Agent": "genharness", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 -- only the web, as checked above
        return urllib.request.urlopen(request, timeout=timeout_seconds)  # noqa: S310 -- likewise
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            return None
        raise _MirrorError(f"HTTP {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise _MirrorError(_text(error.reason), offline=_is_offline(error.reason)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: no possible address
        raise _MirrorError(_text(error)) from error


def _text(reason: object) -> str:
    return str(reason) or type(reason).__name__


def _length(response: Any) -> int | None:
    """Return the length of the body in bytes, or None where the server does not tell it."""
    text = response.headers.get("Content-Length")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise _MirrorError(f"it gives {text[:40]!r} as the length of the file")
    return int(text) if text else None


def _is_offline(reason: object) -> bool:
    """Whether connecting failed because nobody answered, rather than that somebody answered badly."""
    if isinstance(reason, (socket.gaierror, TimeoutError, ConnectionRefusedError)):
        return True
    return isinstance(reason, OSError) and reason.errno in _UNREACHABLE


def _goes_on_from(response: Any, start: int) -> bool:
    """Whether the body continues at byte `start`; servers may ignore a Range and send everything."""
    sent = response.headers.get("Content-Range", "")
    return bool(start) and response.status == http.client.PARTIAL_CONTENT and sent.startswith(f"bytes {start}-")


def _chunks(response: Any) -> Iterator[bytes]:
    """Yield the body; only what the network does becomes `_CutError`, so that disk errors keep theirs."""
    while True:
        try:
            chunk = response.read(_CHUNK_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise _CutError(f"the connection broke: {error}") from error
        if not chunk:
            return
        yield chunk


def _failure_line(remote: Remote, path: Path, failures: list[tuple[str, _MirrorError]], instead: str) -> str:
    algorithm, digest = promised(remote)
    put = f"put {remote.filename} ({algorithm} {digest}) at {path}, or pass {instead}"
    tried = "; ".join(f"{url}: {error}" for url, error in failures)
    if not failures:
        return f"{remote.filename} has no public address: {put}"
    if all(error.offline for _, error in failures):
        return f"no network: {put} (tried {tried})"
    return f"{remote.filename} could not be downloaded: {put} (tried {tried})"


def _disk_line(error: OSError, path: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        advice = "free some space, or set GENHARNESS_HOME to a larger disk; the download then goes on where it stopped"
        return f"disk full while downloading {path}: {advice}"
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"no permission to write {path}: make its folder writable, or set GENHARNESS_HOME to another"
    return f"{path} could not be written ({error}): mend that, or set GENHARNESS_HOME to another folder"
