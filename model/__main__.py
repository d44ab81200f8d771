"""The command line: ``python -m model VERB``. See ``python -m model --help``.

Results go to standard output, as one JSON object with ``--json`` and as people's text otherwise; progress goes to
standard error. Exit status 0; 1 if a check failed; 2 for bad use or bad input.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: one row at a time is faster so, and fits are the same

import sys
from importlib import import_module
from typing import Any

import click

from data.errors import WhatIfError
from model.cli.terminal import BAD, FAILED
from model.errors import GateError, ParityError
from model.release.disk import FULL


class Verb(click.Command):
    """A verb whose ``module`` is imported when it is chosen: a list of verbs need not wait for what training needs.
    ``about`` is the verb's own first sentence."""

    def __init__(self, name: str, module: str, about: str) -> None:
        super().__init__(name, help=about)
        self.module = module

    def chosen(self) -> click.Command:
        """The verb itself."""
        found: click.Command = getattr(import_module(self.module), str(self.name))
        return found

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        """A context in which the verb itself is run."""
        return self.chosen().make_context(*given, **more)


class Verbs(click.Group):
    """Turns the product's own errors into a sentence and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except (GateError, ParityError) as error:
            click.echo(f"Failed: {error}", err=True)
            sys.exit(FAILED)
        except WhatIfError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(BAD)
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            click.echo(f"Error: The folder of releases cannot be used: {error}. Set WHATIF_HOME to another.", err=True)
            sys.exit(BAD)
        except OSError as error:
            if error.errno not in FULL:
                raise
            where = f" for {error.filename}" if error.filename else ""
            told = f"Error: There is no room left{where}: {error.strerror}. Make room, and give the command again."
            click.echo(told, err=True)
            sys.exit(BAD)


VERBS = {  # each one's module and first sentence
    "train": (
        "model.cli.training",
        "Fit, test and write a release; the first one is promoted if no gate is in the way.",
    ),
    "verify": (
        "model.cli.training",
        "Checksums, parity with the trained model, and a retrain that must give the same tables.",
    ),
    "sign": (
        "model.cli.training",
        "Verify a release and, if all of that held, sign it with the key that WHATIF_RELEASE_KEY names.",
    ),
    "releases": (
        "model.cli.releases",
        "All releases of a book, the oldest first: their window, how they stand, the aliases that point to them.",
    ),
    "promote": (
        "model.cli.aliases",
        "Point an alias to a release whose gates passed, or whose failed gates are overridden for a reason.",
    ),
    "rollback": ("model.cli.aliases", "Make the previous champion the champion again."),
    "card": (
        "model.cli.card",
        "Write the model card of RELEASE to OUT, one HTML file; card-RELEASE.html here if not given.",
    ),
    "publish": (
        "model.cli.publish",
        "Register a release with MLflow, once; an alias it is named by is set there too.",
    ),
    "init": (
        "model.cli.init",
        "Propose a new book from DATA, a .csv, .parquet or .xlsx file, for review by hand.",
    ),
    "serve": ("model.cli.serve", "The REST service alone, without the dashboard, for one book."),
    "check": (
        "model.cli.check",
        "Read the contracts of books, of all if none is named, and say what is wrong with each, by line and name.",
    ),
    "doctor": ("model.cli.doctor", "What would keep this installation from serving, and what to do."),
    "token": ("model.cli.token", "Who may call the REST service."),
    "audit": ("model.cli.audit", "The record of calls: check it, do a call again, export it, shorten it."),
    "scenarios": ("model.cli.scenarios", "Scenarios under a name: list them, take them along, bring them in."),
    "memo": (
        "model.cli.memo",
        "Write the board's paper of a scenario, a customer or a comparison to OUT, a .html, .pdf or .docx file.",
    ),
    "slides": (
        "model.cli.slides",
        "Write six slides of a scenario, a customer or a comparison to OUT, a .pptx file.",
    ),
    "workbook": (
        "model.cli.workbook",
        "Write the deployed model as a workbook with live formulas to OUT, an .xlsx file.",
    ),
    "phone": ("model.cli.phone", "Write the deployed model as an app for a phone into DIR, to be served over https."),
    "score": (
        "model.cli.score",
        "Score every record of IN, a CSV, Excel or Parquet file of any size or a folder of Parquet files, into OUT: a "
        ".parquet or .csv file or, without an ending, a folder.",
    ),
    "stress": (
        "model.cli.stress",
        "What a scenario does to a whole book: one of the dashboard's by name, or a table in Parquet of any size.",
    ),
    "stream": (
        "model.cli.stream",
        "Decide applications as they come by a topic of Kafka, with reasons, until told to end.",
    ),
    "simulate": (
        "model.cli.simulate",
        "Play a book's records as applications on the stream, and what became of them later.",
    ),
    "bench": ("model.cli.bench", "Print the figures of every hot path."),
}


@click.group(cls=Verbs, commands=[Verb(name, *found) for name, found in VERBS.items()])
def main() -> None:
    """The life of a credit model: train, verify, promote, measure."""


if __name__ == "__main__":
    main()
