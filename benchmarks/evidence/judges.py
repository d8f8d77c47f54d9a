"""The classifiers by which the tables of results/ were scored, kept beside them: another machine scores by the same.

    python benchmarks/evidence/judges.py keep     # to results/classifiers/, from $GENHARNESS_HOME, what a record names
    python benchmarks/evidence/judges.py lend     # and back, where that data has none yet

A classifier that is trained on another kind of processor differs in the last bits of its weights, hence in its scores
and in the hash of the protocol. Rows that are made elsewhere stand in the same table only if they are scored by the
same weights. A file is named by the data, options and code that it was trained by, and ends with its checksum; records
name its weights by `protocol.extractor_identity`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

from genharness.files.home import home

RESULTS = Path(__file__).parents[2] / "results"
KEPT = RESULTS / "classifiers"
CHECKSUM = hashlib.sha256().digest_size


def weights(path):
    """Return what records call the weights in a file."""
    return hashlib.sha256(path.read_bytes()[:-CHECKSUM]).hexdigest()[:16]


def named():
    """Return the weights that records below results/ were scored by."""
    records = (json.loads(path.read_bytes()) for path in RESULTS.glob("*/records/*.json"))
    return {record["protocol"]["extractor_identity"] for record in records if record.get("protocol")}


def keep():
    """Copy the classifiers that records name; what no record names any more goes."""
    wanted = named()
    KEPT.mkdir(exist_ok=True)
    for path in (home() / "classifiers").glob("*.pt"):
        if weights(path) in wanted:
            shutil.copyfile(path, KEPT / path.name)
    for path in KEPT.glob("*.pt"):
        if weights(path) in wanted:
            print(f"{path.name}: weights {weights(path)}, {path.stat().st_size / 1e3:,.0f} kB")
        else:
            path.unlink()


def lend():
    """Copy them to where a run looks for them; one that is there already stays."""
    place = home() / "classifiers"
    place.mkdir(parents=True, exist_ok=True)
    for path in KEPT.glob("*.pt"):
        there = (place / path.name).exists()
        if not there:
            shutil.copyfile(path, place / path.name)
        print(f"{path.name}: weights {weights(path)}" + (", one is there already" if there else ""))


if __name__ == "__main__":
    actions = {"keep": keep, "lend": lend}
    if sys.argv[1:] not in (["keep"], ["lend"]):
        sys.exit(__doc__)
    actions[sys.argv[1]]()
