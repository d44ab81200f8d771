"""What is shipped to the workers: the code and the release, as two archives with their hashes."""

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from model.release.release import Release

PROJECT = Path(__file__).parents[3]
PACKAGES = ("data", "model")
SHIPPED = {".py", ".toml", ".json"}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same files are the same archive


@dataclass(frozen=True)
class Parcel:
    """Two ``archives``, the code and the release, and their ``digests``."""

    archives: tuple[Path, Path]
    digests: tuple[str, str]

    @classmethod
    def of(cls, release: Release, folder: Path) -> "Parcel":
        """Packed into a folder: archives are named by what they hold, so that another never takes its name."""
        home = release.path.parents[2]
        code = (path for package in PACKAGES for path in (PROJECT / package).rglob("*") if path.suffix in SHIPPED)
        packed = (
            _packed("code", code, PROJECT, folder),
            _packed("release", (path for path in release.path.iterdir() if path.is_file()), home, folder),
        )
        return cls((packed[0][0], packed[1][0]), (packed[0][1], packed[1][1]))

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """Names and hashes, as a worker is told them."""
        return tuple((path.name, digest) for path, digest in zip(self.archives, self.digests, strict=True))


def _packed(what: str, paths: Iterable[Path], root: Path, folder: Path) -> tuple[Path, str]:
    draft = folder / f"{what}.zip"
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(paths):
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _EPOCH)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    return draft.replace(folder / f"whatif-{what}-{digest[:16]}.zip"), digest
