"""Runs `genharness` commands one after another in one process, so that the fork server stays warm.

Reads a JSON list of arguments a line, and answers with a JSON object a line: exit code and what was printed.
"""

import contextlib
import io
import json
import os
import sys
import time

from genharness.cli.main import main


def run(arguments):
    """Run one command as the console script does."""
    sys.argv = ["genharness", *arguments]
    out, errors, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return {"code": code, "out": out.getvalue(), "errors": errors.getvalue()}


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        started = time.monotonic()
        answer = run(json.loads(line))
        print(json.dumps(answer | {"seconds": time.monotonic() - started}), file=answers, flush=True)
