"""What a paper must say, whatever it is written as."""

import re

from model.export.bars import bar_charts
from model.export.memo.memo import Memo, assumed_lines
from model.report.briefing import Finding
from model.report.spreadsheet import UNSEEN


def plain(text: str) -> str:
    """A text without what only parts its words and lines."""
    return re.sub(r"\s+", " ", text.replace(UNSEEN, "")).strip()


def squeezed(text: str) -> str:
    """A text without any space, for where lines are broken inside words."""
    return re.sub(r"[\s\u00ad-]+", "", text)


def said_by(memo: Memo) -> list[str]:
    """Every text of a paper that holds a number or decides something."""
    tiles = [
        text
        for each in memo.tiles
        for text in (
            each.label,
            each.value,
            each.was,
            each.change,
            each.limit,
            each.broken,
            *each.notes,
            each.headroom.words if each.headroom is not None else "",
        )
    ]
    parts = [text for part in memo.parts for text in said_of(part.first)]
    assumed = [text for line in assumed_lines(memo.assumed) for text in line]
    own = [memo.title, memo.book, memo.scenario, memo.source, memo.sentence, memo.below, memo.trust, *memo.caveats]
    told = [*own, memo.model, memo.made, memo.occasion.who, memo.when, *tiles, *parts, *assumed]
    return [each for each in map(plain, told) if each]


def said_of(finding: Finding) -> list[str]:
    """What one finding says: headline, note, every bar and every cell."""
    bars = [text for chart in bar_charts(finding.chart) for bar in chart.bars for text in (bar.label, bar.text)]
    table = [] if finding.table is None else [*finding.table.texts().heads, *sum(finding.table.texts().rows, ())]
    return [finding.headline, finding.note, *finding.text, *bars, *table]
