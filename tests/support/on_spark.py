"""The command line in the environment that has Spark, many commands in one session: ``python -m tests.support.on_spark
MASTER``. Each line of standard input is a JSON object with the ``words`` of a command, or with a ``path`` of Parquet
that is to be known as the table ``view`` or written as the Delta table ``delta``; each line of standard output is the
answer. ``digests``: what the workers are told that the archives sent to them have. ``cancelled``: whoever follows it
wants no more as soon as something is under way."""

import json
import sys
from contextlib import ExitStack
from unittest.mock import PropertyMock, patch

import pyarrow.parquet as pq
from click.testing import CliRunner
from deltalake import write_deltalake

from model.__main__ import main
from model.scoring.spark.parcel import Parcel
from model.scoring.spark.session import begun_session


def wants_no_more(_share: float) -> None:
    raise KeyboardInterrupt


def told(session, asked: dict) -> dict:
    if "view" in asked:
        session.read.parquet(asked["path"]).createOrReplaceTempView(asked["view"])
        return {}
    if "delta" in asked:
        write_deltalake(asked["delta"], pq.read_table(asked["path"]), mode="overwrite")
        return {}
    with ExitStack() as stack:
        if "digests" in asked:
            shipped = stack.enter_context(patch.object(Parcel, "named", new_callable=PropertyMock))
            shipped.return_value = [tuple(each) for each in asked["digests"]]
        if "cancelled" in asked:
            stack.enter_context(patch("model.cli.stress.Pace", return_value=wants_no_more))
        found = CliRunner().invoke(main, asked["words"])
    return {"status": found.exit_code, "out": found.stdout, "err": found.stderr, "raised": repr(found.exception)}


if __name__ == "__main__":
    with begun_session(sys.argv[1]) as own:
        for line in sys.stdin:
            print(json.dumps(told(own, json.loads(line))), flush=True)
