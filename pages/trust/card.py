"""What the release was tested for, and its model card, as a part of the trust page and as a file to keep."""

from model.report.release.card import ModelCard, html
from model.report.trust import gates
from model.report.trust.briefing import ReleaseContext
from model.validation.result import TrustResult
from pages.shared import draw, offering


def card_panel(result: TrustResult, around: ReleaseContext, withheld: str) -> None:
    """Every gate, then every section of the card, and the card as one HTML file."""
    if result.report is None or around.card is None:
        draw.notice(gates.ungated_notice(around.deployed))
        return
    draw.items(gates.gate_items(result.report, around.overridden(), not withheld))
    whole(around.card())


def whole(given: ModelCard) -> None:
    """The card, to keep and to read."""
    what = f"card {given.release}"
    offering.offer("Download the card", html(given), what, kind="html", mime="text/html", key="card")
    draw.items(gates.card_items(given))
