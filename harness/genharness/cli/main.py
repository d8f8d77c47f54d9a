"""`genharness`: the group of commands, and the one place where a user's mistakes are caught."""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import importlib
import importlib.metadata
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from genharness import __version__
from genharness.cli.screen.complaints import debug_option, print_errors, show_traceback
from genharness.cli.screen.endings import exit_code, later_endings, line_of, tidy_endings
from genharness.cli.screen.output import (
    discard_output,
    escape_what_cannot_be_written,
    open_closed_streams,
)
from genharness.cli.screen.terminal import say
from genharness.errors import MORE_PROCESSES, GenharnessError, did_you_mean, out_of_processes
from genharness.files.gc_pause import no_collection
from genharness.files.paths import printable
from genharness.plugin.own_output import give_output_back, keep_output, output
from genharness.plugin.single_files import add_plugin_files, content_digest, plugin_files

__all__ = ["cli", "main", "program"]

COMMANDS = {
    "run": ("genharness.cli.run:run", "Train, measure and rank models on datasets."),
    "search": ("genharness.cli.search:search", "Look for the options of a model that score best."),
    "evaluate": ("genharness.cli.evaluate:evaluate", "Score samples that anybody made."),
    "leaderboard": ("genharness.cli.leaderboard:leaderboard", "Show the ranking of a results folder."),
    "compare": ("genharness.cli.compare:compare", "Compare rows over seeds: is the difference real?"),
    "report": ("genharness.cli.report:report", "Write a page with every figure of a results folder."),
    "plot": ("genharness.cli.plot:plot", "Draw a figure for a paper."),
    "animate": ("genharness.cli.plot:animate", "Write a cell's samples over training as a film."),
    "publish": ("genharness.cli.publish:publish", "Write what of a results folder is worth giving away."),
    "merge": ("genharness.cli.publish:merge", "Join published results, after checking their hashes."),
    "results": ("genharness.cli.results.cells:results", "List and remove cells of a results folder."),
    "watch": ("genharness.cli.watch:watch", "Follow a running study from elsewhere."),
    "status": ("genharness.cli.watch:status", "Say how a study stands, such as one that was submitted."),
    "sample": ("genharness.cli.sample:sample", "Draw more samples from a finished cell."),
    "rerun": ("genharness.cli.rerun:rerun", "Repeat a cell and say whether it comes out the same."),
    "list": ("genharness.cli.listing:list_plugins", "List models, datasets, extractors, metrics and more."),
    "info": ("genharness.cli.info:info", "Explain a plugin: options, bounds, defaults, paper."),
    "data": ("genharness.cli.data:data", "Prepare, check and remove datasets."),
    "cache": ("genharness.cli.cache:cache", "List and clear what is kept to save time."),
    "verify": ("genharness.cli.verify:verify", "Recompute scores with independent libraries."),
    "selfcheck": ("genharness.cli.selfcheck:selfcheck", "Plant faults into real samples: which metrics see them?"),
    "new": ("genharness.cli.authors.new:new", "Write a plugin package to start from."),
    "check": ("genharness.cli.authors.check:check", "Check that the plugins of a package keep their contracts."),
    "doctor": ("genharness.cli.doctor:doctor", "Check devices, versions, caches, weights and plugins."),
}
"""Command -> (where it is, its line in the help)."""


_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)

_COMPLETING = "_GENHARNESS_COMPLETE"
"""Environment variable by which a shell asks for completions."""


class _ReaderGoneError(Exception):
    """Whoever read the output went away, as `head` does; of a `BrokenPipeError` click makes exit code 1."""


@contextlib.contextmanager
def _kept_from_click() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderGoneError from error


class LazyGroup(click.Group):
    """A group that imports a command when it is used, so that `--help` costs nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        with no_collection(), later_endings():
            command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the command line, which prints help and versions."""
        with _kept_from_click():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _kept_from_click():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which was meant."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(f"no command {args[0]!r}{did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _versions(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    """Print the version, those of the packages that give plugins, and the digests of files; nothing is imported."""
    if not asked:
        return
    click.echo(f"genharness, version {__version__}")
    points = importlib.metadata.entry_points(group="genharness")
    packages = {point.dist.name: point.dist.version for point in points if point.dist is not None}
    files = {path.name: content_digest(path) for path in plugin_files()}
    for name, version in sorted({**packages, **files}.items()):
        if name != "genharness":
            say(f"{printable(name)}, {printable(version)}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_versions, help="Show versions.")
@click.option(
    "--plugin",
    multiple=True,
    metavar="FILE.py",
    is_eager=True,
    expose_value=False,
    callback=lambda _context, _parameter, paths: add_plugin_files(paths),
    help="Plugins in one file, whose code is run; repeatable.",
)
@debug_option
def cli() -> None:
    """Train, measure and rank deep generative models under one stamped protocol.

    \b
    Examples:
      genharness run                                     three small models on handwritten digits
      genharness run --models all --datasets cifar10     everything that fits CIFAR-10
      genharness run --models vae,dcgan --seeds 3 --plan what would be done, and how long it takes
      genharness leaderboard                             the ranking
      genharness info dcgan                              options of a model
      genharness --plugin mine.py run --models my-gan    a model that stands in one file
    """


def _complain(errors: Sequence[str]) -> NoReturn:
    try:
        print_errors(errors)
    except OSError:  # a full disk under stderr: the exit code says it
        discard_output(sys.stderr)
    sys.exit(2)


def _end(error: BaseException) -> NoReturn:
    """End after Ctrl-C or another signal; a terminal that is gone can be told nothing."""
    try:
        say(line_of(error), err=True)
    except OSError:
        discard_output(sys.stderr)
    discard_output()
    sys.exit(exit_code(error))


def _advice(error: BaseException) -> str:
    """Return what helps where the system has no more of something."""
    if out_of_processes(error):
        return f": {MORE_PROCESSES}"
    return ": free space, or allow larger files (ulimit -f)" if getattr(error, "errno", None) in _NO_ROOM else ""


def _refuse_a_folder_that_is_gone() -> None:
    """Refuse to start where nothing could be found or written, and torch cannot be loaded."""
    try:
        Path.cwd()
    except OSError as error:
        _complain([f"the working directory cannot be used ({error.strerror}): change to one that is there (cd)"])


def main() -> None:
    """Run the command line within a Python program, which has its stdout back afterwards.

    Raises:
        SystemExit: A user's mistake, which is told in one line, with code 2; other ends with theirs.
    """
    try:
        program()
    finally:
        give_output_back()


def program() -> None:
    """Run the command line as a process of its own; a user's mistake is one line and exit code 2."""
    from genharness.engine.waiting import settle_waiting

    settle_waiting()
    open_closed_streams()
    escape_what_cannot_be_written()
    if _COMPLETING not in os.environ:  # click prints what completes, after plugins were asked
        keep_output()
    _refuse_a_folder_that_is_gone()
    try:
        try:
            with tidy_endings():
                cli.main(standalone_mode=False)
        finally:
            output().flush()
            atexit.register(gc.freeze)  # nothing is looked through again: behind torch that takes half a second
    except (click.exceptions.Abort, KeyboardInterrupt) as error:
        if isinstance(error.__cause__, EOFError):  # a defect, which click takes for the end of what is typed
            raise error.__cause__ from None
        show_traceback(error)
        _end(error)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except GenharnessError as error:
        show_traceback(error)
        _complain(error.lines)
    except MemoryError as error:
        _complain([f"there is not enough memory ({error}): give fewer or smaller samples"])
    except ImportError as error:  # a damaged installation, or `ulimit -v` below what torch takes to load
        show_traceback(error)
        _complain([f"a library cannot be loaded ({error}): allow more memory (ulimit -v), or install it again"])
    except (BrokenPipeError, _ReaderGoneError) as error:  # what it had read by then is all that it wanted
        show_traceback(error)
        discard_output()
        sys.exit(0)
    except OSError as error:  # a full disk under the output, a name that is too long: nothing that code can mend
        show_traceback(error)
        discard_output()
        where = f"{error.filename}: " if error.filename else ""
        _complain([f"{where}{error.strerror or error}{_advice(error)}"])
    except RuntimeError as error:
        if not out_of_processes(error):
            raise
        show_traceback(error)
        _complain([f"{error}{_advice(error)}"])


if __name__ == "__main__":
    program()
