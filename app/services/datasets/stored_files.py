"""Verification of stored files against their hashes, for `hydroml doctor`."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.services.context import current_settings
from app.services.datasets import analysis
from app.storage import datasets, experiments, files, integrity
from app.storage.integrity import HASHES, Soundness

log = logging.getLogger(__name__)
SHA256_DIGITS = 64


@dataclass(frozen=True)
class StoredFile:
    """A stored file, what it is now, and what brings it back."""

    path: Path
    state: Soundness
    remedy: str

    @property
    def sentence(self) -> str:
        """Return the fault as a sentence, with the way back."""
        name = self.path.relative_to(current_settings().data)
        words = "is gone" if self.state is Soundness.MISSING else "is damaged"
        return f"The stored file {name} {words}. {self.remedy}"


def examine_all() -> Iterator[StoredFile]:
    """Yield every stored file of datasets and experiments, its bytes read."""
    met: set[Path] = set()
    for dataset in datasets.list_stored():
        path = analysis.parquet_of(dataset)
        if path not in met:
            met.add(path)
            remedy = f"The page of the dataset {dataset.name} reads it again from the original."
            yield StoredFile(path, integrity.examine(path, fresh=True), remedy)
    for path in sorted(files.originals_dir(current_settings().data).iterdir()):
        if len(path.name) == SHA256_DIGITS:
            names = ", ".join(datasets.names_of(path.name)) or "the file"
            state = Soundness.SOUND if _is_original(path) else Soundness.DAMAGED
            yield StoredFile(path, state, f"Upload {names} again.")
    for name, folder in _artefact_folders():
        for path in sorted(folder.iterdir()):
            if path.name != HASHES:
                state = integrity.examine(path, fresh=True)
                yield StoredFile(path, state, f"Run the experiment {name} again.")


def _is_original(path: Path) -> bool:
    """Return whether a file is the one that its name is the hash of; what a disk does not give back is not."""
    try:
        return path.is_file() and files.sha256_of(path) == path.name
    except OSError:
        return False


def _artefact_folders() -> Iterator[tuple[str, Path]]:
    data = current_settings().data
    for identifier, artefacts in experiments.artefacts_of_ended().items():
        folder = files.experiment_dir(data, uuid.UUID(identifier)) / (artefacts or "none")
        if folder.is_dir():
            yield identifier, folder


def record_missing_hashes() -> int:
    """Write hashes for what was stored before there were any; returns for how many folders."""
    rows = (dataset for dataset in datasets.list_stored() if not (analysis.folder_of(dataset) / HASHES).exists())
    recorded = sum(analysis.damage_of(dataset) is None for dataset in rows)
    for _name, folder in _artefact_folders():
        if not (folder / HASHES).exists():
            try:
                integrity.write_hashes(folder)
            except OSError as fault:
                log.warning("the hashes of %s cannot be written: %s", folder.name, fault)
                return recorded
            recorded += 1
    return recorded
