"""What a chart's file is held to: it opens alone, says what it shows and whence, black on white, no text covered."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"svg", "title", "desc", "g", "text", "tspan", "rect", "line", "polyline"}
DRAWN |= {"polygon", "circle", "defs", "pattern"}
LETTER, LINE = 0.5, 1.15  # of the size of the type: those of Helvetica and Arial in running text
SHIFT = re.compile(r"translate\(([-\d.]+) ([-\d.]+)\)( rotate\(-90\))?")
HEX = re.compile(r"#[0-9a-f]{3}([0-9a-f]{3})?")
TOUCH = 2.0  # px by which boxes of letters may share an edge
READABLE = 4.5  # contrast of a text to the white below it


@dataclass(frozen=True)
class Seen:
    """A piece of a picture: where it lies, and what it says."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""

    def over(self, other: "Seen") -> bool:
        """Whether two of them lie over each other."""
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > TOUCH and min(self.bottom, other.bottom) - max(self.top, other.top) > TOUCH


def picture_breaches(content: bytes, *told: str) -> list[str]:
    """Which rules a picture breaks; ``told`` is what its foot has to say."""
    root = ElementTree.fromstring(content)
    wide, high = (float(root.get(name, "0")) for name in ("width", "height"))
    found = [f"a {each.tag}" for each in root.iter() if each.tag.removeprefix(SVG) not in DRAWN]
    found += [f"no {name}" for name in ("title", "desc") if not (root.findtext(f"{SVG}{name}") or "").strip()]
    found += [f"refers to {value}" for each in root.iter() for name, value in each.items() if name.endswith("href")]
    texts = list(texts_of(root))
    foot = " ".join(each.text for each in texts)
    found += [f"does not say {each}" for each in ("Credit What-If", *told) if each not in foot]
    first = root.find(f"{SVG}rect")
    found += [] if first is not None and first.get("fill") == "#ffffff" else ["not on white"]
    found += _colours(root)
    edge = TOUCH
    found += [
        f"outside: {each.text}"
        for each in texts
        if each.left < -edge or each.top < -edge or each.right > wide + edge or each.bottom > high + edge
    ]
    found += [f"over each other: {a.text} / {b.text}" for a, b in combinations(texts, 2) if a.over(b)]
    lines = list(dashed_lines(root))
    return found + [f"a line behind {text.text}" for text in texts for line in lines if text.over(line)]


def texts_of(root: ElementTree.Element) -> Iterator[Seen]:
    """The texts of a picture, each line by itself."""
    for each, x, y, turned in _placed(root, 0.0, 0.0):
        if each.tag != f"{SVG}text":
            continue
        text, size = "".join(each.itertext()).strip(), float(each.get("font-size", "12"))
        wide = LETTER * size * len(text)
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[each.get("text-anchor", "start")]
        left = float(each.get("x", "0")) - share * wide
        bottom = float(each.get("y", "0")) + 0.2 * size
        if turned:
            yield Seen(x + bottom - LINE * size, y - left - wide, x + bottom, y - left, text)
        else:
            yield Seen(x + left, y + bottom - LINE * size, x + left + wide, y + bottom, text)


def dashed_lines(root: ElementTree.Element) -> Iterator[Seen]:
    """Limits and the like, a little wider than they are, so that they lie over something at all."""
    for each, x, y, _ in _placed(root, 0.0, 0.0):
        if each.tag == f"{SVG}line" and each.get("stroke-dasharray", "").startswith(("5", "6")):
            x0, x1, y0, y1 = (float(each.get(name, "0")) for name in ("x1", "x2", "y1", "y2"))
            room = TOUCH
            yield Seen(x + min(x0, x1) - room, y + min(y0, y1) - room, x + max(x0, x1) + room, y + max(y0, y1) + room)


def _placed(
    part: ElementTree.Element, x: float, y: float, turned: bool = False
) -> Iterator[tuple[ElementTree.Element, float, float, bool]]:
    """Every part with where its place begins, and whether it is turned."""
    for each in part:
        moved = SHIFT.fullmatch(each.get("transform", ""))
        at = (x + float(moved[1]), y + float(moved[2])) if moved else (x, y)
        yield each, *at, turned
        yield from _placed(each, *at, turned or bool(moved and moved[3]))


def _colours(root: ElementTree.Element) -> Iterator[str]:
    for each in root.iter():
        for name in ("fill", "stroke"):
            colour = each.get(name)
            if colour in (None, "none", "url(#hatched)"):
                continue
            assert colour is not None
            if not HEX.fullmatch(colour):
                yield f"a colour that not every program reads: {colour}"
            elif each.tag == f"{SVG}text" and contrast(colour) < READABLE:
                yield f"pale text: {colour}"


def contrast(colour: str) -> float:
    """How far a colour stands out on white (WCAG 2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
