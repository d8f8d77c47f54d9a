"""A stranger's code while plugins are found: it prints, raises and hangs at nobody's cost but its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genharness.errors import ConfigError, PluginError
from genharness.plugin.containment import contained


class SilentError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Odd(BaseException):
    pass


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SystemExit(0), "SystemExit: 0"),
        (Odd("x"), "Odd: x"),
        (SilentError(), "SilentError"),
        (MemoryError(), "MemoryError"),
        (ValueError("two\nlines"), "ValueError: two lines"),
    ],
)
def test_whatever_is_raised_comes_out_as_one_line(error, reason):
    with pytest.raises(PluginError) as caught, contained():
        raise error
    assert str(caught.value) == reason


def test_what_genharness_itself_says_stays_as_it_is():
    with pytest.raises(ConfigError, match=r"^mine$"), contained():
        raise ConfigError("mine")


def test_the_users_own_stop_is_not_a_plugins_fault():
    with pytest.raises(KeyboardInterrupt), contained():
        raise KeyboardInterrupt


def test_what_is_printed_goes_to_stderr_from_python_c_and_children(capfd):
    with contained():
        print("by python")
        os.write(1, b"by a descriptor\n")
        subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
    print("afterwards")
    sys.stdout.flush()
    out, err = capfd.readouterr()
    assert out == "afterwards\n"
    assert {"by python", "by a descriptor", "by a child"} <= set(err.splitlines())


def test_a_closed_stdout_is_no_obstacle():
    code = "import os; os.close(1)\nfrom genharness.plugin.containment import contained\nwith contained(): print('x')"
    assert subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL, check=False).returncode == 0


def test_what_never_returns_is_interrupted_and_the_clock_is_as_it_was(monkeypatch):
    monkeypatch.setenv("GENHARNESS_PLUGIN_SECONDS", "1")
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(PluginError, match="TimeoutError: it did not return within 1 s"), contained():
        time.sleep(100)
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL)[1] == 0.0


def test_one_that_swallows_the_first_interruption_is_interrupted_again(monkeypatch):
    monkeypatch.setenv("GENHARNESS_PLUGIN_SECONDS", "1")

    def stubborn():
        try:
            time.sleep(100)
        except TimeoutError:
            time.sleep(100)

    with pytest.raises(PluginError, match="TimeoutError"), contained():
        stubborn()


def ignore(number, frame):
    pass


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda: os.chdir("/"), "the working directory"),
        (lambda: os.umask(0o777), "the umask"),
        (lambda: signal.signal(signal.SIGINT, ignore), "handlers of signals"),
        (lambda: signal.signal(signal.SIGTERM, ignore), "handlers of signals"),
        (lambda: setattr(sys, "stderr", None), "sys.stderr"),
    ],
    ids=["folder", "umask", "SIGINT", "SIGTERM", "stderr"],
)
@pytest.mark.parametrize("raises", [False, True], ids=["returns", "raises"])
def test_what_the_whole_process_shares_is_set_back_and_refused(change, name, raises):
    def state():
        mask = os.umask(0o22)
        os.umask(mask)
        return Path.cwd(), mask, signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), sys.stderr

    before = state()

    def run():
        change()
        if raises:
            raise ValueError("of its own")

    with pytest.raises(PluginError) as caught, contained():
        run()
    assert state() == before
    expected = (
        "ValueError: of its own" if raises else f"it changed {name} of the whole process: set it back, or do without"
    )
    assert str(caught.value) == expected


@pytest.mark.parametrize("code", [0, 3])
def test_leaving_without_a_word_is_an_error_of_who_does_it(code):
    leave = os._exit
    with pytest.raises(PluginError, match=rf"^SystemExit: it calls os\._exit\({code}\)$"), contained():
        os._exit(code)
    assert os._exit is leave


def test_a_process_that_it_forks_may_leave():
    with contained():
        child = os.fork()
        if child == 0:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_process_that_it_forks_does_not_go_on_as_the_command():
    with contained():
        child = os.fork()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_threads_that_it_starts_do_not_hold_the_process():
    code = (
        "import threading, time\n"
        "from genharness.plugin.containment import contained\n"
        "with contained():\n"
        "    threading.Thread(target=time.sleep, args=(1000,)).start()\n"
        "assert not threading.main_thread().daemon and not threading.Thread().daemon\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_where_genharness_writes_is_not_a_plugins_to_say(monkeypatch, tmp_path):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path))
    with pytest.raises(PluginError, match=r"it changed variables GENHARNESS_\* of the whole process"), contained():
        os.environ |= {"GENHARNESS_HOME": "/elsewhere", "GENHARNESS_MORE": "x"}
    assert os.environ["GENHARNESS_HOME"] == str(tmp_path)
    assert "GENHARNESS_MORE" not in os.environ
    with pytest.raises(PluginError, match="GENHARNESS_"), contained():
        del os.environ["GENHARNESS_HOME"]
    assert os.environ["GENHARNESS_HOME"] == str(tmp_path)


def test_the_recursion_limit_may_be_raised_and_not_lowered():
    before = sys.getrecursionlimit()
    try:
        with contained():
            sys.setrecursionlimit(before + 5000)
        assert sys.getrecursionlimit() == before + 5000
    finally:
        sys.setrecursionlimit(before)
    with pytest.raises(PluginError, match="it changed the recursion limit"), contained():
        sys.setrecursionlimit(300)
    assert sys.getrecursionlimit() >= min(before, 1000)
