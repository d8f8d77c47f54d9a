"""Joins a cluster and leaves it: `python -m genharness_exec_ray.trial ADDRESS`; exit code 1 and a line if it cannot."""

from __future__ import annotations

import logging
import sys

import ray

__all__ = ["main"]


def main() -> None:
    """Try the address that is the first argument."""
    try:
        ray.init(address=sys.argv[1], log_to_driver=False, logging_level=logging.CRITICAL)
    except Exception as error:  # whatever Ray raises is the reason
        print(" ".join(str(error).split())[:600])
        sys.exit(1)
    ray.shutdown()


if __name__ == "__main__":
    main()
