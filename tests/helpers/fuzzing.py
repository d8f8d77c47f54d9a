"""Campaigns of hostile input: many inputs, none of which may take long, much memory, or reach outside its folder."""

from __future__ import annotations

import io
import os
import random
import signal
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from genharness.errors import GenharnessError

__all__ = ["INPUTS", "campaign", "damaged", "guarded", "refusable", "repacked", "value_campaign", "values"]

INPUTS = pytest.mark.parametrize(
    "inputs", [100, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
)
"""How many inputs a campaign has: the same hundred in the default run, ten thousand with --slow."""

MOST_SECONDS = 20.0
"""Most processor time that one input may take."""

MOST_WAITING_SECONDS = 300.0
"""Longest that one may take by the clock: beyond it waits for something, on however busy a machine."""

MOST_MIB = 512
"""Most that a campaign may add to the memory of the process."""

MOST_LETTERS = 5000
"""Longest line of a refusal."""

_EXTREMES = [0, 1, 2, 127, 128, 255, 2**15 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]
_DIGITS = [b"-1", b"0", b"9" * 20, b"1e309", b"9" * 400, b"", b"nan"]
_WORDS = ["nan", "inf", "-1", "0", "1e309", "none", "true", "auto", "all", "~", "../x", "/etc/passwd", "\x1b[31m", "\0"]


Make = Callable[[random.Random], bytes]
"""Makes a file out of luck."""


def campaign(inputs: int, make: Make, check: Callable[[bytes], None], folder: Path) -> None:
    """Hold so many files against a check, which fails where what it calls does.

    Args:
        inputs: Their number; the same ones each time.
        make: What makes one.
        check: Is given one.
        folder: The only place where anything may be written meanwhile.
    """
    with _bounded():
        for seed in range(inputs):
            with _named(f"input {seed}"), _alarm(), guarded(folder):
                check(make(random.Random(seed)))


def value_campaign(inputs: int, strategy: st.SearchStrategy[Any], check: Callable[[Any], None], folder: Path) -> None:
    """Hold so many values against a check as `campaign` does; one that fails is made small.

    Args:
        inputs: Their number; the same ones each time.
        strategy: What they are drawn from.
        check: Is given one.
        folder: The only place where anything may be written meanwhile.
    """

    def timed(value: Any) -> None:
        with _alarm(), guarded(folder):
            check(value)

    phases = [Phase.generate, Phase.shrink]
    ours = settings(max_examples=inputs, derandomize=True, database=None, deadline=None, phases=phases)
    with _bounded():
        settings(ours, suppress_health_check=list(HealthCheck))(given(strategy)(timed))()


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(name)
        raise


@contextmanager
def refusable() -> Iterator[None]:
    """Let the block refuse its input with the harness's own error, in lines that can be read."""
    try:
        yield
    except GenharnessError as error:
        refused = error
    else:
        return
    assert refused.lines
    assert all(line and "\n" not in line and len(line) < MOST_LETTERS for line in refused.lines), refused.lines


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise TimeoutError(f"one input took more than {MOST_SECONDS:g} s, or waited {MOST_WAITING_SECONDS:g} s")

    alarms = (
        (signal.SIGPROF, signal.ITIMER_PROF, MOST_SECONDS),
        (signal.SIGALRM, signal.ITIMER_REAL, MOST_WAITING_SECONDS),
    )
    before = [signal.signal(number, ring) for number, _, _ in alarms]
    for _, timer, seconds in alarms:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(alarms, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


@contextmanager
def _bounded() -> Iterator[None]:
    """Fail where the block takes much more memory than there was before it."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = _peak_mib()
    yield
    assert _peak_mib() - before < MOST_MIB, f"{_peak_mib() - before:.0f} MiB more than before"


def _peak_mib() -> float:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


_watched: list[tuple[str, list[str]]] = []
"""The folder in which writing is allowed, and what was seen to happen outside."""
_hooked: list[bool] = []

_TWO_PATHS = {"os.rename", "os.link", "os.symlink"}
_CHANGES = {"os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", *_TWO_PATHS}
_RUNS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "pickle.find_class"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Fail where the block writes outside a folder, unpickles by name, opens a connection or starts a program."""
    if not _hooked:  # a hook cannot be taken away again
        sys.addaudithook(_audit)
        _hooked.append(True)
    _watched.append((os.path.realpath(folder), []))
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # of what is imported meanwhile
    try:
        yield
    finally:
        sys.dont_write_bytecode = bytecode
        _, seen = _watched.pop()
    assert not seen, seen[:5]


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched:
        return
    folder, seen = _watched[-1]
    if event in _RUNS:
        seen.append(f"{event} {arguments!r:.200}")
    changes = event in _CHANGES or (event == "open" and (arguments[2] or 0) & _WRITES)
    for path in arguments[: 1 + (event in _TWO_PATHS)] if changes else ():
        beside = arguments[-1] if event in ("os.remove", "os.rmdir") else -1
        if isinstance(path, str | bytes | os.PathLike) and not _inside(os.fsdecode(path), beside, folder):
            seen.append(f"{event} {path!r:.200}")


def _inside(path: str, descriptor: int, folder: str) -> bool:
    """Whether a path lies in a folder, where it is relative to an open one of which the descriptor is not -1."""
    real = os.path.realpath(path if descriptor == -1 else f"/proc/self/fd/{descriptor}/{path}")
    return real in (os.devnull, folder) or real.startswith(folder + os.sep)


def damaged(seeds: Sequence[bytes], tokens: Sequence[bytes] = ()) -> Make:
    """Return what makes files that were sound: bytes turned, cut, repeated and mixed, numbers extreme, words replaced.

    Args:
        seeds: Sound files.
        tokens: Words of the format, each of which may stand where another stood.
    """
    return lambda luck: _damaged(luck, seeds, tokens)


def _damaged(luck: random.Random, seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    content = bytearray(luck.choice(seeds))
    for _ in range(luck.choice((0, 1, 1, 1, 2, 2, 3, 5, 9))):
        luck.choice(_DAMAGES)(content, luck, seeds, tokens)
    return bytes(content)


def _somewhere(content: bytearray, luck: random.Random) -> slice:
    start = luck.randrange(len(content) + 1)
    return slice(start, min(len(content), start + luck.choice((1, 2, 4, 8, 30, 200))))


def _turn_a_bit(content: bytearray, luck: random.Random, *_: object) -> None:
    if content:
        content[luck.randrange(len(content))] ^= 1 << luck.randrange(8)


def _overwrite(content: bytearray, luck: random.Random, *_: object) -> None:
    part = _somewhere(content, luck)
    content[part] = luck.randbytes(part.stop - part.start)


def _cut_off(content: bytearray, luck: random.Random, *_: object) -> None:
    del content[_somewhere(content, luck).start :]


def _leave_out(content: bytearray, luck: random.Random, *_: object) -> None:
    del content[_somewhere(content, luck)]


def _repeat(content: bytearray, luck: random.Random, *_: object) -> None:
    part = _somewhere(content, luck)
    content[part] = content[part] * luck.choice((2, 3, 50))


def _mix(content: bytearray, luck: random.Random, seeds: Sequence[bytes], _: object) -> None:
    other = bytearray(luck.choice(seeds))
    content[_somewhere(content, luck)] = other[_somewhere(other, luck)]


def _make_extreme(content: bytearray, luck: random.Random, *_: object) -> None:
    form = luck.choice(("<B", "<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(form)
    start = luck.randrange(len(content) + 1)
    content[start : start + size] = struct.pack(form, luck.choice(_EXTREMES) % 2 ** (8 * size))


def _change_a_digit(content: bytearray, luck: random.Random, *_: object) -> None:
    places = [place for place, byte in enumerate(content) if 48 <= byte <= 57]
    if places:
        place = luck.choice(places)
        content[place : place + 1] = luck.choice(_DIGITS)


def _replace_a_word(content: bytearray, luck: random.Random, _: object, tokens: Sequence[bytes]) -> None:
    found = [token for token in tokens if token in content]
    if found:
        old = luck.choice(found)
        start = content.find(old)
        content[start : start + len(old)] = luck.choice(tokens)


_DAMAGES = (
    _turn_a_bit,
    _overwrite,
    _cut_off,
    _leave_out,
    _repeat,
    _mix,
    _make_extreme,
    _change_a_digit,
    _replace_a_word,
)


def repacked(members: Mapping[str, bytes], names: Sequence[str] = (), words: Sequence[bytes] = ()) -> Make:
    """Return what makes zips whose checksums hold and whose members are damaged, left out, renamed or there twice.

    Args:
        members: Sound ones.
        names: Other names that members may have.
        words: Words of the members' format, as `damaged` takes them.
    """
    return lambda luck: _repacked(luck, members, names, words)


def _repacked(luck: random.Random, members: Mapping[str, bytes], names: Sequence[str], words: Sequence[bytes]) -> bytes:
    file, contents = io.BytesIO(), list(members.values())
    packing = luck.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(file, "w", packing) as archive, warnings.catch_warnings(action="ignore"):
        for name, content in members.items():
            if luck.random() < 0.1:
                continue
            if luck.random() < 0.4:
                content = _damaged(luck, [content], words)
            if luck.random() < 0.1:
                content = luck.choice(contents)
            archive.writestr(luck.choice([*members, *names]) if luck.random() < 0.2 else name, content)
    return file.getvalue()


def values(words: Sequence[str] = ()) -> st.SearchStrategy[Any]:
    """Return what TOML, JSON and the command line may hold where something else was meant."""
    plain = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.sampled_from([0, 1, -1, 2**63, 2**64, 10**400]),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from([*_WORDS, *words]),
    )
    keys = st.text(max_size=8) | st.sampled_from([*_WORDS, *words])
    return st.recursive(
        plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=8
    )
