"""Scores by independent reference libraries, each imported only when it is asked.

Every function takes what a metric was computed from, and returns the library's numbers and how far ours may be from
them. Metrics that no library on the package index computes have a brute force of our own, which is named so.
"""

from __future__ import annotations

from genharness.verify.base import Peer, Theirs
from genharness.verify.brute import BRUTE_PEERS
from genharness.verify.features import FEATURE_PEERS
from genharness.verify.images import IMAGE_PEERS

__all__ = ["PEERS", "Peer", "Theirs"]

PEERS = (*FEATURE_PEERS, *IMAGE_PEERS, *BRUTE_PEERS)
"""What can recompute what."""
