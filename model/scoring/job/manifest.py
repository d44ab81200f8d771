"""What stands beside a job's output: of what it was made, how, what came of it, and by which digests all that can be
held against the files."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from data.errors import BadInput
from data.json_types import JsonObject
from model.scoring.job.source import fingerprint
from model.scoring.job.sums import JobSums
from model.scoring.job.terms import JobTerms

ENDING = ".manifest.json"


@dataclass(frozen=True, eq=False)
class JobManifest:
    """``digest`` of all that decides the output; the ``source`` by name, its ``source_sha256``; the ``release`` by id
    and its ``artefact``, the ``book``; the ``terms``; ``rows`` given, and what they add up to (``sums``); what reading
    took for granted (``notes``), which columns nothing read (``ignored``), identifiers that stand several times
    (``repeated``); ``files`` written, by name, each with its sha256."""

    digest: str
    source: str
    source_sha256: str
    release: str
    artefact: str
    book: str
    terms: JobTerms
    rows: int
    sums: JobSums
    notes: tuple[str, ...]
    ignored: tuple[str, ...]
    repeated: int
    files: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> JsonObject:
        """The manifest as its file holds it."""
        return {
            "digest": self.digest,
            "input": {"name": self.source, "sha256": self.source_sha256, "rows": self.rows},
            "release": self.release,
            "artefact": self.artefact,
            "book": self.book,
            "terms": {**asdict(self.terms), "scenario": _pairs(self.terms)},
            "rows": {"given": self.rows, "scored": self.sums.scored, "refused": self.sums.refused},
            "sums": self.sums.to_json(),
            "notes": list(self.notes),
            "ignored": list(self.ignored),
            "repeated": self.repeated,
            "files": dict(self.files),
        }

    @classmethod
    def from_json(cls, held: JsonObject) -> "JobManifest":
        """The manifest that `to_json` wrote. KeyError, TypeError or ValueError if it is none."""
        terms = dict(held["terms"])
        scenario = terms["scenario"]
        own = {
            **terms,
            "scenario": None if scenario is None else tuple(dict(scenario).items()),
            "columns": tuple(terms["columns"]),
        }
        return cls(
            str(held["digest"]),
            str(held["input"]["name"]),
            str(held["input"]["sha256"]),
            str(held["release"]),
            str(held["artefact"]),
            str(held["book"]),
            JobTerms(**own),
            int(held["input"]["rows"]),
            JobSums.from_json(held["sums"]),
            tuple(map(str, held["notes"])),
            tuple(map(str, held["ignored"])),
            int(held["repeated"]),
            tuple((str(name), str(digest)) for name, digest in held["files"].items()),
        )


def _pairs(terms: JobTerms) -> JsonObject | None:
    return None if terms.scenario is None else dict(terms.scenario)


def manifest_file(out: Path) -> Path:
    """Where the manifest of an output stands."""
    return out.with_name(out.name + ENDING)


def read_manifest(out: Path) -> JobManifest | None:
    """The manifest beside an output; None where there is none that can be read."""
    try:
        return JobManifest.from_json(json.loads(manifest_file(out).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def intact(found: JobManifest, out: Path) -> bool:
    """Whether every file that a manifest names is there and as it was written."""
    try:
        return all(digest_of(out.with_name(name)) == digest for name, digest in found.files)
    except OSError:
        return False


def digest_of(path: Path) -> str:
    """sha256 of a file, or of all files of a folder."""
    if path.is_dir():
        return fingerprint(sorted(each for each in path.rglob("*") if each.is_file()), path)
    if not path.is_file():
        raise BadInput(f"{path.name} is not there.")
    return fingerprint([path], path.parent)
