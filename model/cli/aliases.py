"""The verbs that say which release answers: promote, rollback."""

from getpass import getuser

import click

from model.cli.book import book_option, home_of
from model.cli.terminal import Result, answer, json_option
from model.release.store import ALIASES, LONGEST, Store
from model.report.release.words import SUBJECTS


def reason(_context: click.Context, parameter: click.Parameter, text: str) -> str:
    """A reason, no longer than one is kept."""
    if len(text) > LONGEST:
        raise click.BadParameter(f"{len(text):,} characters were given; at most {LONGEST} are kept.", param=parameter)
    return text


why_option = click.option("--why", required=True, callback=reason, metavar="TEXT", help="Why; kept in the history.")


@click.command()
@click.argument("release")
@click.option("--as", "alias", type=click.Choice(ALIASES), default="champion", show_default=True)
@why_option
@click.option(
    "--override",
    default="",
    callback=reason,
    metavar="REASON",
    help="Promote although a gate failed, for this reason; it stands on the model card from then on.",
)
@book_option
@json_option
def promote(release: str, alias: str, why: str, override: str, book: str, as_json: bool) -> None:
    """Point an alias to a release whose gates passed, or whose failed gates are overridden for a reason."""
    store = Store(home_of(book), book)
    identity = store.promote(release, alias, getuser(), why, override)
    labels = SUBJECTS | {str(gate["name"]): str(gate["label"]) for gate in store.report(identity)["gates"]}
    moved = store.history(identity)[-1:] if override else []
    failed = [labels.get(name, name) for each in moved for name in each.gates]
    result = {"release": identity, "alias": alias, "overridden": failed}

    def text(result: Result) -> str:
        passed_over = f" Passed over: {'; '.join(failed)}. The reason stands on its card." if failed else ""
        return f"{result['release']} is now the {result['alias']}.{passed_over}"

    answer(result, as_json, text)


@click.command()
@why_option
@book_option
@json_option
def rollback(why: str, book: str, as_json: bool) -> None:
    """Make the previous champion the champion again."""
    identity = Store(home_of(book), book).rollback(getuser(), why)
    answer({"release": identity, "alias": "champion"}, as_json, lambda r: f"{r['release']} is the champion again.")
