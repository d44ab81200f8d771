"""The verb that says what would keep this installation from serving."""

import sys
from collections import Counter
from dataclasses import asdict

import click

from model.cli.terminal import FAILED, Result, answer, json_option
from model.deployed.doctor.examine import PARTS, Part, examine
from model.settings import settings


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    envvar="STREAMLIT_SERVER_ADDRESS",
    show_default=True,
    help="Where it is to listen; by default where STREAMLIT_SERVER_ADDRESS says.",
)
@click.option("--port", "ports", type=click.IntRange(1, 65_535), multiple=True, help="A port that must be free.")
@click.option("--only", type=click.Choice(PARTS), help="What is to serve; by default both.")
@json_option
def doctor(host: str, ports: tuple[int, ...], only: Part | None, as_json: bool) -> None:
    """What would keep this installation from serving, and what to do."""
    found = examine(settings(), host=host, ports=ports, parts=(only,) if only else PARTS)
    count = Counter(each.state for each in found)
    result: Result = {"ok": not count["stops"], "stops": count["stops"], "warnings": count["warning"]}
    result["checks"] = [asdict(each) for each in found]

    def text(result: Result) -> str:
        width = max(len(each["name"]) for each in result["checks"])
        lines = [_line(each, width) for each in result["checks"]]
        if not result["ok"]:
            last = f"{result['stops']} of {len(found)} would stop it from serving."
        else:
            last = f"Nothing would stop it from serving; {result['warnings']} of {len(found)} should be known."
        return "\n".join([*lines, last])

    answer(result, as_json, text)
    if count["stops"]:
        sys.exit(FAILED)


def _line(check: Result, width: int) -> str:
    state = check["state"].upper() if check["state"] == "stops" else check["state"]
    advice = f"\n{'':9}{'':{width}}  → {check['advice']}" if check["advice"] else ""
    return f"{state:<7}  {check['name']:<{width}}  {check['found']}{advice}"
