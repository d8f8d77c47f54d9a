"""Whether scores may stand beside those of papers."""

from __future__ import annotations

from collections.abc import Iterable

from genharness.board.rows import Group
from genharness.spec.published import PUBLISHED, published_name

__all__ = ["note_published"]


def note_published(groups: Iterable[Group]) -> None:
    """Note once of scores over the features of papers that they have other settings than those of papers."""
    usual = PUBLISHED["published"]
    for group in groups:
        protocol = group.protocol
        if protocol is None or protocol.extractor != usual["features"] or not group.rows:
            continue
        name = published_name(protocol)
        if not name:
            group.notes.append(
                f"not to be held against published scores, which take {usual['samples']:,} samples against all of "
                f"{usual['reference_split']}, resize {usual['resize']}: score with --protocol published"
            )
            return
        group.notes.append(f"settings as published ({name})")
