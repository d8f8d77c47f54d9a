"""A user's mistake is one line on stderr."""

from __future__ import annotations

import sys

import pytest

from genharness.cli import main


@pytest.mark.parametrize("name", ["a\nb.npy", "a\r\nb.npy"])
def test_a_line_break_in_a_file_name_makes_no_second_error(monkeypatch, capsys, tmp_path, name):
    (tmp_path / name).write_bytes(b"no array")
    command = ["genharness", "evaluate", f"{tmp_path}/./{name}", "--dataset", "digits", "--results", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as left:
        main.main()
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "npy" in line]
    assert line.startswith(f"error: {tmp_path}/{repr(name)[1:-1]} is damaged")
    assert left.value.code == 2


def test_several_mistakes_are_a_line_each(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["genharness", "run", "--no-baselines", "--models", "vea,dcgna"])
    with pytest.raises(SystemExit):
        main.main()
    assert [line[:14] for line in capsys.readouterr().err.splitlines()] == ["error: unknown"] * 2


def test_too_little_memory_is_one_line(monkeypatch, capsys):
    def exhaust(**_):
        raise MemoryError("Unable to allocate 4.77 GiB")

    monkeypatch.setattr(main.cli, "main", exhaust)
    with pytest.raises(SystemExit) as left:
        main.main()
    expected = "error: there is not enough memory (Unable to allocate 4.77 GiB): give fewer or smaller samples\n"
    assert capsys.readouterr().err == expected
    assert left.value.code == 2
