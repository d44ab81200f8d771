"""Where texts stand in a chart, so that none lies over another, over a bar, or over a line that crosses the chart."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from model.export.chart.ink import INK, SIZE, Box, block, box_of, filled, written

AWAY = 7.0  # px by which a text is moved at a time that has no room
FARTHEST, OUTWARDS = 12, 24  # such moves, away from what a text is of
CLEAR = 1.5  # px around a text
SIDES = {"left": "right", "right": "left", "center": "center"}  # of its point, and by which side it is anchored there
LEVELS = {"top": "bottom", "bottom": "top", "middle": "middle"}


@dataclass
class Labels:
    """The texts of one chart within its ``frame``; ``lines`` and ``bars`` are what texts keep clear of."""

    frame: Box
    lines: list[Box] = field(default_factory=list)
    bars: list[Box] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)

    def fix(self, text: str, box: Box, size: float = SIZE, side: str = "left", colour: str = INK) -> None:
        """A text that stands where it has to, such as one at an axis."""
        self.boxes.append(box)
        self.drawn.append(written(text, box, size=size, side=side, colour=colour))

    def place(self, text: str, wanted: Sequence[Box], size: float = SIZE, side: str = "left") -> None:
        """A text in the first place of those ``wanted`` that is free, or as near to the first as one is; one with a
        ``side`` rather leaves its point on the other."""
        inside = [self._inside(each) for each in wanted]
        outwards = {"left": 1.0, "right": -1.0}.get(side)
        ways = [(outwards, 0.0)] if outwards else []
        ways += [(0.0, -1.0), (0.0, 1.0), (1.0, 0.0), (-1.0, 0.0)]
        near = [inside[0].moved(x * AWAY * k, y * AWAY * k) for x, y in ways[:1] for k in range(1, OUTWARDS)]
        near += [inside[0].moved(x * AWAY * k, y * AWAY * k) for k in range(1, FARTHEST) for x, y in ways[1:]]
        tried = [*inside, *(self._inside(each) for each in near)]
        best = min(enumerate(tried), key=lambda each: (round(self._taken(each[1]), 3), each[0]))[1]
        if any(best.shared(each) for each in self.lines):
            self.drawn.append(block(best, filled("#ffffff")))
        self.fix(text, best, size, side)

    def _inside(self, box: Box) -> Box:
        left = min(max(box.left, self.frame.left), self.frame.right - box.wide)
        return Box(left, min(max(box.top, self.frame.top), self.frame.bottom - box.high), box.wide, box.high)

    def _taken(self, box: Box) -> float:
        """How much of a place is taken: by other texts above all, by lines."""
        wide = Box(box.left - CLEAR, box.top - CLEAR, box.wide + 2 * CLEAR, box.high + 2 * CLEAR)
        texts = sum(wide.shared(each) for each in self.boxes)
        return 100 * texts + sum(box.shared(each) for each in (*self.lines, *self.bars))


def beside(text: str, at: tuple[float, float], where: str, gap: float) -> list[Box]:
    """The boxes of a text beside a point, as a chart wants it, "top left", and those that are as good."""
    level, side = where.split(" ")
    others = [(each, other) for each in ("top", "bottom", "middle") for other in ("center", "right", "left")]
    return [_beside(text, at, own, gap) for own in ((level, side), *others) if own != ("middle", "center")]


def _beside(text: str, at: tuple[float, float], where: tuple[str, str], gap: float) -> Box:
    level, side = where
    x = at[0] + {"left": -gap, "center": 0.0, "right": gap}[side]
    y = at[1] + {"top": -gap, "middle": 0.0, "bottom": gap}[level]
    return box_of(text, (x, y), (SIDES[side], LEVELS[level]))
