"""A map of areas: each part of a whole as a tile of its size, with the key to its shades below."""

from collections.abc import Iterator, Sequence

from model.export.chart.ink import INK, QUIET, Box, block, box_of, filled, folded, high_of, mixed, wide_of
from model.export.chart.labels import Labels
from model.report.charts import BREAK, Figure

PAD = 2.0  # px within a tile's edge
KEY_ROOM = 40.0  # px below the tiles
GRADES = 24  # of which the key is made, each of one colour: not every program draws one that changes


def map_tiles(figure: Figure, frame: Box, labels: Labels) -> Iterator[str]:
    """The first level of a map within a ``frame``; a tile too small for its text has it in the list that
    `too_small` gives."""
    for box, colour, text in _laid_out(figure, frame):
        yield block(box, filled(colour))
        if _fits(text, box):
            told = folded(text, box.wide - 2 * PAD)
            middle = (box.left + box.wide / 2, box.top + box.high / 2)
            labels.fix(told, box_of(told, middle, ("center", "middle")), side="center", colour=INK)


def too_small(figure: Figure, frame: Box) -> tuple[str, ...]:
    """What tiles say that have no room for it, in a line each."""
    found = _laid_out(figure, frame)
    return tuple(_in_a_line(text) for box, _, text in found if not _fits(text, box))


def key(figure: Figure, left: float, top: float, wide: float, labels: Labels) -> Iterator[str]:
    """What the shades mean."""
    marker = next(each["marker"] for each in figure["data"] if each["type"] == "scatter")
    for k in range(GRADES):
        colour = mixed(marker["colorscale"], (k + 0.5) / GRADES)
        yield block(Box(left + wide * k / GRADES, top, wide / GRADES + 0.5, 8), filled(colour))
    told, most = marker["colorbar"], float(marker["cmax"]) or 1.0
    for value, text in zip(told["tickvals"], told["ticktext"], strict=True):
        at = (left + wide * float(value) / most, top + 11)
        labels.fix(text, box_of(text, at, ("center", "top")), side="center", colour=QUIET)


def is_map(figure: Figure) -> bool:
    """Whether a figure is such a map."""
    return any(each["type"] == "treemap" for each in figure["data"])


def _in_a_line(text: str) -> str:
    """A tile's name, amount and PD."""
    *name, amount, risk = text.split(BREAK)
    return f"{' '.join(name)}: {amount}, {risk}"


def _fits(text: str, box: Box) -> bool:
    told = folded(text, box.wide - 2 * PAD)
    return wide_of(told) <= box.wide - 2 * PAD and high_of(told) <= box.high - 2 * PAD


def _laid_out(figure: Figure, frame: Box) -> list[tuple[Box, str, str]]:
    (drawn,) = (each for each in figure["data"] if each["type"] == "treemap")
    rows = zip(
        drawn["parents"], drawn["values"], drawn["marker"]["colors"], drawn["labels"], drawn["text"], strict=True
    )
    found = sorted((each for each in rows if each[0] == drawn["ids"][0] and each[1] > 0), key=lambda each: -each[1])
    boxes = squarified([float(value) for _, value, *_ in found], frame)
    return [
        (Box(box.left, box.top, max(box.wide - PAD, 1), max(box.high - PAD, 1)), colour, f"{label}{BREAK}{text}")
        for box, (_, _, colour, label, text) in zip(boxes, found, strict=True)
    ]


def squarified(sizes: Sequence[float], frame: Box) -> list[Box]:
    """A tile for each of some ``sizes``, the largest first, which together fill the ``frame``; as near to squares as
    they can be (Bruls, Huizing, van Wijk: Squarified treemaps, 2000)."""
    left = list(sizes)
    whole = sum(left) or 1.0
    scale, boxes = frame.wide * frame.high / whole, list[Box]()
    while left:
        short = min(frame.wide, frame.high)
        count = 1
        while count < len(left) and _worst(left[: count + 1], short, scale) <= _worst(left[:count], short, scale):
            count += 1
        row, left = left[:count], left[count:]
        deep = scale * sum(row) / short if short else 0.0
        at = 0.0
        for each in row:
            long = short * each / (sum(row) or 1.0)
            upright = frame.wide >= frame.high
            boxes.append(
                Box(frame.left, frame.top + at, deep, long) if upright else Box(frame.left + at, frame.top, long, deep)
            )
            at += long
        if frame.wide >= frame.high:
            frame = Box(frame.left + deep, frame.top, max(frame.wide - deep, 0.0), frame.high)
        else:
            frame = Box(frame.left, frame.top + deep, frame.wide, max(frame.high - deep, 0.0))
    return boxes


def _worst(row: Sequence[float], short: float, scale: float) -> float:
    """How far from a square the worst tile of a row is."""
    whole = scale * sum(row)
    if not whole or not short or not min(row):
        return float("inf")
    return max(short**2 * scale * max(row) / whole**2, whole**2 / (short**2 * scale * min(row)))
