"""Made-up books of any shape: as many fields, concepts, levers, shocks, segments and protected attributes as a test
asks for, or none, under names it chooses. 400 records of a fixed seed, three inputs: trained in a second or two."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.support import contracts
from tests.support.contracts import filled, replaced

NAME, RECORDS, INPUTS = "made_up", 400, 3
PARTS = contracts.parts(contracts.text(NAME))


@dataclass(frozen=True)
class Shape:
    """What a book has. ``fields``: the names of its fields, each a number from 0 to 9 in a concept of its own, the one
    before last missing in a tenth of the records. Levers, shocks and segments are on the first of them, as many as
    asked for; ``groups`` the sizes of its protected attributes. ``labels``: what fields and all that is on them are
    called, by default as they are named. ``special`` codes of the first of them, each in a tenth of the records: it is
    then an input as it is, and another says why it has no value."""

    fields: tuple[str, ...] = ("one", "two", "three")
    levers: int = 0
    shocks: int = 0
    segments: int = 0
    groups: tuple[int, ...] = ()
    economy: bool = False
    limits: tuple[str, ...] = ()
    money: bool = True
    bands: tuple[float, ...] = (500.0, 530.0, 560.0)
    labels: tuple[str, ...] = ()
    special: tuple[tuple[int, str], ...] = ()

    def label(self, name: str) -> str:
        """What a field is called."""
        return dict(zip(self.fields, self.labels, strict=False)).get(name, name)


def contract(shape: Shape) -> str:
    """The contract of a book of a shape."""
    return "\n".join(
        [
            _head(shape),
            *(_field(shape, name) for name in shape.fields),
            *(_attribute(k, size) for k, size in enumerate(shape.groups)),
            PARTS["target"],
            *_inputs(shape),
            *_inputs_of_special(shape),
            *(_named("lever", shape, name) for name in shape.fields[: shape.levers]),
            PARTS["assumptions"],
            *(_named("shock", shape, name) for name in shape.fields[: shape.shocks]),
            *([PARTS["economy"]] if shape.economy else []),
            *(filled(PARTS["limit"], MEASURE=name) for name in shape.limits),
            *(_named("segment", shape, name) for name in shape.fields[: shape.segments]),
        ]
    )


def _head(shape: Shape) -> str:
    exposure = f"100 * (1 + {shape.fields[0]})" if shape.money else "1"
    if shape.special:
        exposure = f"where({shape.fields[0]} >= 0, {exposure}, 50)"
    head = filled(PARTS["head"], EXPOSURE=exposure)
    head = replaced(head, "[500.0, 530.0, 560.0]", str(list(shape.bands)))
    return head if shape.money else replaced(head, 'currency = "US$"', 'currency = "¤"')


def _named(part: str, shape: Shape, name: str) -> str:
    """What is on the field of that name."""
    return filled(PARTS[part], NAME=name, LABEL=shape.label(name))


def _field(shape: Shape, name: str) -> str:
    gap = len(shape.fields) > 2 and name == shape.fields[-2]
    field = _named("field", shape, name)
    if shape.special and name == shape.fields[0]:
        words = ", ".join(f'"{code}" = "{word}"' for code, word in shape.special)
        field = replaced(field, "missing = false", f"missing = false\nspecial = {{{words}}}")
    return replaced(field, "missing = false", "missing = true") if gap else field


def _attribute(k: int, size: int) -> str:
    """A protected attribute, and what its codes mean."""
    attribute = filled(PARTS["attribute"], NAME=f"protected_{k}", LABEL=f"Attribute {k}")
    return attribute + "".join(filled(PARTS["code"], CODE=code) for code in range(size))


def _inputs(shape: Shape) -> list[str]:
    """Three inputs, each the sum of every third field; what is missing counts as nothing."""
    found = []
    for k in range(min(INPUTS, len(shape.fields))):
        own = shape.fields[k::INPUTS]
        total = " + ".join(f"where({name} >= 0, {name}, 0)" for name in own)
        found.append(
            filled(PARTS["input"], NAME=f"input_{k}", LABEL=f"Input {k}", FORMULA=total, CONCEPT=f"c_{own[0]}")
        )
    return found


def _inputs_of_special(shape: Shape) -> list[str]:
    """The first field as it is, and why it has no value, where it may have none."""
    if not shape.special:
        return []
    first = shape.fields[0]
    itself = filled(PARTS["input"], NAME=f"{first}_itself", LABEL=first, FORMULA=first, CONCEPT=f"c_{first}")
    told = {"NAME": f"{first}_why", "LABEL": f"{first}: why no value"}
    why = filled(PARTS["input"], **told, FORMULA=f"reason({first})", CONCEPT=f"c_{first}")
    words = enumerate(("a value", *(word for _, word in shape.special)))
    return [itself, why, "[inputs.codes]", *(f'{k} = "{word}"' for k, word in words)]


def records(shape: Shape) -> pd.DataFrame:
    """The records: the larger the fields, the likelier to default."""
    chance = np.random.default_rng(0)
    values = chance.integers(0, 10, (len(shape.fields), RECORDS)).astype(float)
    margin = (values - 4.5).sum(0) / (2 * np.sqrt(len(shape.fields))) - 1
    columns: dict[str, Sequence[float]] = dict(zip(shape.fields, values, strict=True))
    if len(shape.fields) > 2:
        values[-2, chance.random(RECORDS) < 0.1] = np.nan
    for k, (code, _) in enumerate(shape.special):
        own = np.arange(RECORDS) % 10 == 2 * k + 1
        values[0, own], margin[own] = code, 2.0 - 4.0 * (k % 2)
    for k, size in enumerate(shape.groups):
        columns[f"protected_{k}"] = chance.integers(0, size, RECORDS)
    defaulted = (chance.random(RECORDS) < 1 / (1 + np.exp(-margin))).astype(int)
    return pd.DataFrame({"loan": np.arange(1, RECORDS + 1), **columns, "defaulted": defaulted})


def lay_down(home: Path, shape: Shape) -> Path:
    """Write a book of a shape on the users' shelf under ``home``; returns its folder."""
    folder = home / "books" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.toml").write_text(contract(shape))
    records(shape).to_parquet(folder / "loans.parquet")
    return folder
