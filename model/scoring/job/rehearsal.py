"""A stranger's Parquet gone through once before a job reads it, in a process with limits of memory and time.

What its pages unfold to stands nowhere in it that is to be believed: a text of gigabytes, a dictionary repeated for
every row, a page that ends its reader. The process reads the very columns in the very blocks that the job will, so that
what ends it would have ended the job; what it read is thrown away.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

from data.contract import Contract
from data.errors import BadInput
from data.files import apart
from data.files.child import READER, Told
from data.files.kinds import MB
from data.files.table import damaged_unless_understood
from model.engine.parallel import Progress
from model.scoring.files import upload_limits
from model.scoring.job.columnar import ParquetSource

BYTES_A_TURN = 100 * MB  # of the files, for which a file's seconds are given once more


def rehearse(files: Sequence[Path], root: Path, contract: Contract, carried: Sequence[str], progress: Progress) -> None:
    """Raise a BadInput if reading these files takes more memory than a file may, or more time for their size, or ends
    its process.

    Parameters
    ----------
    files, root, contract, carried
        As of `ParquetSource`.
    progress
        Hears the share done; reading ends with whatever it raises.
    """
    turns = 1 + sum(each.stat().st_size for each in files) // BYTES_A_TURN
    using = upload_limits()
    limits = replace(using, seconds=turns * using.seconds)
    request = {
        READER: f"{__name__}:{go_through.__name__}",
        "limits": asdict(limits),
        "files": [str(each.absolute()) for each in files],
        "root": str(root.absolute()),
        "contract": contract.model_dump(mode="json"),
        "carried": list(carried),
    }
    said = apart.read_apart(b"", request, limits, progress)
    with damaged_unless_understood(limits):
        why = apart.refusal(said)
    if why:
        raise BadInput(why)


def go_through(_content: bytes, request: dict[str, Any], out: IO[bytes], told: Told) -> None:
    """Read all that a job would; BadInput if it cannot be read."""
    contract = Contract.model_validate(request["contract"])
    source = ParquetSource(
        [Path(each) for each in request["files"]], Path(request["root"]), contract, request["carried"]
    )
    done = 0
    for rows in source.read_through():
        done += rows
        told(done / max(source.rows, 1))
    out.write(json.dumps({"rows": done}).encode() + b"\n")
