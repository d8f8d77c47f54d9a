"""Splits that share no patient: two X-rays of one person are alike, and a model that saw one knows the other."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["one_person", "split_by_patient"]


def one_person(patients: Sequence[str], pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return the patient of each image, patients that belong together by one name.

    Args:
        patients: Patient of each image.
        pairs: Patients that are one person; chains count.
    """
    joined: dict[str, str] = {}

    def root(patient: str) -> str:
        while patient in joined:
            patient = joined[patient]
        return patient

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        if first != second:
            joined[second] = first
    return [root(patient) for patient in patients]


def split_by_patient(
    patients: Sequence[str], labels: Sequence[int], shares: Mapping[str, float], *, seed: int = 0
) -> dict[str, list[int]]:
    """Return the indices of each split, whole patients only, each class as near to its share as that allows.

    A patient belongs to the rarest class among its images. Class by class, the rarest first, patients in a
    seeded order go one at a time to the split that lacks most images of that class. The order comes from
    SHA-256, so it is the same on every machine. A class with fewer patients than splits misses a split.

    Args:
        patients: Patient of each image.
        labels: Class of each image, from 0.
        shares: Split -> its share of the images; they sum to 1.
        seed: Of the order.

    Raises:
        ValueError: If the lengths differ or the shares do not sum to 1.
    """
    if len(patients) != len(labels):
        raise ValueError(f"patients has {len(patients)} entries but labels has {len(labels)}")
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise ValueError(f"shares sum to {sum(shares.values()):g}, not 1")
    images: dict[str, list[int]] = defaultdict(list)
    for index, patient in enumerate(patients):
        images[patient].append(index)
    chosen: dict[str, list[int]] = {split: [] for split in shares}
    for members in _strata(images, labels):
        members.sort(key=lambda patient: _draw(seed, patient))
        for split, patient in _deal(members, images, shares):
            chosen[split] += images[patient]
    return {split: sorted(indices) for split, indices in chosen.items()}


def _strata(images: Mapping[str, list[int]], labels: Sequence[int]) -> list[list[str]]:
    """Return the patients by the rarest class among their images, the rarest class first."""
    sizes = Counter(labels)
    strata: dict[int, list[str]] = {label: [] for label in sorted(sizes, key=lambda label: (sizes[label], label))}
    for patient, indices in images.items():
        strata[min((labels[index] for index in indices), key=lambda label: (sizes[label], label))].append(patient)
    return list(strata.values())


def _draw(seed: int, patient: str) -> str:
    return hashlib.sha256(f"{seed}:{patient}".encode()).hexdigest()


def _deal(
    members: Sequence[str], images: Mapping[str, list[int]], shares: Mapping[str, float]
) -> list[tuple[str, str]]:
    """Return (split, patient) pairs; every split gets a patient before any gets a second."""
    total = sum(len(images[patient]) for patient in members)
    got = dict.fromkeys(shares, 0)
    pairs = []
    for patient in members:
        empty = [split for split in shares if not got[split]]
        split = max(empty or shares, key=lambda name: shares[name] * total - got[name])
        got[split] += len(images[patient])
        pairs.append((split, patient))
    return pairs
