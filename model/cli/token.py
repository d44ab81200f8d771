"""The command line's verbs for the tokens of the REST service."""

import json
from datetime import datetime

import click

from model.cli.terminal import Result, json_option
from model.security.tokens import MOST_DAYS, SCOPES, Tokens
from model.settings import settings


@click.group()
def token() -> None:
    """Who may call the REST service."""


def _tokens() -> Tokens:
    return Tokens(settings().home)


def _written(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), help="How long it lasts; until revoked if not given.")
@json_option
def create(name: str, scopes: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Make a token and print it, this once."""
    tokens = _tokens()
    made = tokens.create(name, scopes, days)
    (listed,) = (each for each in tokens.listing() if each.name == name)
    if as_json:
        result = {"name": name, "token": made, "scopes": listed.scopes, "expires": _written(listed.expires)}
        click.echo(json.dumps(result))
        return
    click.echo(made)
    until = f"until {listed.expires:%Y-%m-%d}" if listed.expires else "until revoked"
    told = f"The token of {name}, for {', '.join(listed.scopes)}, {until}. It is not kept and cannot be shown again."
    click.echo(told, err=True)


@token.command("list")
@json_option
def list_(as_json: bool) -> None:
    """All tokens, the oldest first, without what opens anything."""
    listed: list[Result] = [
        {
            "name": each.name,
            "scopes": each.scopes,
            "created": _written(each.created),
            "expires": _written(each.expires),
        }
        for each in _tokens().listing()
    ]
    if as_json:
        click.echo(json.dumps({"tokens": listed}))
        return
    rows = [
        f"{each['name']:<20}  {', '.join(each['scopes']):<22}  created {each['created']}  "
        f"expires {each['expires'] or 'never'}"
        for each in listed
    ]
    click.echo("\n".join(rows) or "No token yet; make one with: python -m model token create NAME --scope score")


@token.command()
@click.argument("name")
@json_option
def revoke(name: str, as_json: bool) -> None:
    """Make a token worthless from now on."""
    _tokens().revoke(name)
    click.echo(
        json.dumps({"name": name, "revoked": True}) if as_json else f"The token of {name} opens nothing any more."
    )
