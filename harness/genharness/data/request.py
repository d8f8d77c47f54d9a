"""What a dataset plugin's `prepare` is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from genharness.data.writer import ArrayWriter
from genharness.errors import DataError
from genharness.files.checksums import mismatch
from genharness.files.downloads import download
from genharness.files.home import home
from genharness.files.paths import printable
from genharness.spec.dataset_name import DatasetReference
from genharness.spec.plugins import DatasetSpec, Remote
from genharness.spec.report import Report, silent

__all__ = ["PrepareRequest"]


@dataclass(frozen=True)
class PrepareRequest:
    """One preparation. A plugin reads its source and writes the splits through `writer`.

    A dataset whose images have mixed sizes leaves `shape` of its spec at None; it is then prepared once for
    each size asked for, straight from the source, and should fit each image to `reference.size` and
    `reference.channels` itself. Every other variant is made from the whole preparation by the harness.

    Attributes:
        spec: The dataset.
        reference: The variant that is prepared.
        source: What the user gave with `--from`, or None to download.
        writer: Takes the splits.
        report: Told (done, total or 0, what) as the work proceeds.
    """

    spec: DatasetSpec
    reference: DatasetReference
    source: Path | None
    writer: ArrayWriter
    report: Report = field(default=silent)

    def fetch(
        self,
        remote: Remote,
        *,
        also: Iterable[str] = (),
        accept: Callable[[Path], bool] | None = None,
    ) -> Path:
        """Return a file with the promised content, from the user's `--from` or else downloaded.

        Args:
            remote: What is wanted.
            also: Other file names to look for in the user's folder, such as the unpacked one.
            accept: Says whether a file is right although its checksum is another, such as a re-compressed one.

        Raises:
            DataError: If it is not there, or neither has the checksum nor is accepted; each bad file is named.
        """
        if self.source is None:
            return self._download(remote)
        candidates = _candidates(self.source, (remote.filename, *also))
        refused = []
        for path in candidates:
            wrong = mismatch(path, remote)
            if not wrong or (accept is not None and accept(path)):
                return path
            refused.append(f"{path} {wrong}")
        if refused:
            raise DataError(f"{self.spec.name}: no file is the official {remote.filename}: {'; '.join(refused)}")
        raise DataError(f"{self.spec.name}: {remote.filename} is not in {self.source}: give the folder that holds it")

    def _download(self, remote: Remote) -> Path:
        def progress(done: int, total: int) -> None:
            self.report(done, total, f"downloading {remote.filename}")

        instead = f"`genharness data prepare {self.spec.name} --from PATH`"
        return download(remote, home() / "downloads" / self.spec.name, progress, instead=instead)


def _candidates(source: Path, names: tuple[str, ...]) -> list[Path]:
    if not source.exists():
        raise DataError(f"{printable(source)} does not exist: give an existing folder or file with --from")
    if source.is_file():
        return [source]
    return [path for name in names for path in sorted(source.rglob(name)) if path.is_file()]
