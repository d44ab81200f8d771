"""The command line in the environment that has Spark, many commands in one session: ``python -m tests.support.on_spark
MASTER``. Each line of standard input is a JSON object with the ``words`` of a command, or with a ``path`` of Parquet
that is to be known as the table ``view`` or written as the Delta table ``delta``; each line of standard output is the
answer. ``all_of`` asks all records of a large book as its page does. ``digests``: what the workers are told that the
archives sent to them have. ``cancelled``: whoever follows it wants no more as soon as something is under way."""

import json
import sys
from contextlib import ExitStack
from datetime import date
from unittest.mock import PropertyMock, patch

import pyarrow.parquet as pq
from click.testing import CliRunner
from deltalake import write_deltalake

from model.__main__ import main
from model.deployed.desk import DeployedModels
from model.scoring.parts.whole import asked_of_all, engine_by
from model.scoring.spark.parcel import Parcel
from model.scoring.spark.session import begun_session
from model.settings import Settings
from model.whatif.book.scenario import BookScenario


def wants_no_more(_share: float) -> None:
    raise KeyboardInterrupt


def told(session, asked: dict) -> dict:
    if "view" in asked:
        session.read.parquet(asked["path"]).createOrReplaceTempView(asked["view"])
        return {}
    if "delta" in asked:
        write_deltalake(asked["delta"], pq.read_table(asked["path"]), mode="overwrite")
        return {}
    if "all_of" in asked:
        return all_of(asked)
    with ExitStack() as stack:
        if "digests" in asked:
            shipped = stack.enter_context(patch.object(Parcel, "named", new_callable=PropertyMock))
            shipped.return_value = [tuple(each) for each in asked["digests"]]
        if "cancelled" in asked:
            stack.enter_context(patch("model.cli.stress.Pace", return_value=wants_no_more))
        found = CliRunner().invoke(main, asked["words"])
    return {"status": found.exit_code, "out": found.stdout, "err": found.stderr, "raised": repr(found.exception)}


def all_of(asked: dict) -> dict:
    """What all records of a large book lose, and how far that was on the way."""
    using = Settings(home=asked["home"], book_rows=asked["held"], engine="spark", spark_master=sys.argv[1])
    model, shares = DeployedModels(lambda: using).model(asked["all_of"]), []
    scenario, _ = BookScenario.from_query(model.contract, asked["scenario"])
    found = asked_of_all(model, scenario, date.fromisoformat(asked["day"]), shares.append, engine_by(using))
    return {"loss": found.now.loss, "customers": found.now.customers, "shares": shares}


if __name__ == "__main__":
    with begun_session(sys.argv[1]) as own:
        for line in sys.stdin:
            print(json.dumps(told(own, json.loads(line))), flush=True)
