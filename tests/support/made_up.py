"""Made-up books of any shape: as many fields, concepts, levers, shocks, segments and protected attributes as a test
asks for, or none, under names it chooses. 400 records of a fixed seed, three inputs: trained in a second or two."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.support import second_book

NAME, RECORDS, INPUTS = "made_up", 400, 3
HEAD, REST = second_book.CONTRACT.split("[[concepts]]", 1)
ASSUMPTIONS = "[[assumptions]]" + REST.split("[[assumptions]]", 1)[1].split("[[shocks]]")[0]
ECONOMY = "[[economy]]" + REST.split("[[economy]]", 1)[1].split("[[appetite]]")[0]
APPETITE = '[[appetite]]\nmeasure = "{}"\nlimit = {}\nsense = "{}"\n'


@dataclass(frozen=True)
class Shape:
    """What a book has. ``fields``: the names of its fields, each a number from 0 to 9 in a concept of its own, the one
    before last missing in a tenth of the records. Levers, shocks and segments are on the first of them, as many as
    asked for; ``groups`` the sizes of its protected attributes. ``labels``: what fields and all that is on them are
    called, by default as they are named."""

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

    def label(self, name: str) -> str:
        """What a field is called."""
        return dict(zip(self.fields, self.labels, strict=False)).get(name, name)


def contract(shape: Shape) -> str:
    """The contract of a book of a shape."""
    exposure = ("100 * (1 + {0})", "100 * (1 + {0})") if shape.money else ("1", "1")
    head = HEAD.replace('name = "second"', f'name = "{NAME}"', 1).replace(second_book.TITLE, "A made-up book")
    head = head.replace('"balance"', f'"{exposure[0].format(shape.fields[0])}"', 1)
    head = head.replace('"balance + ccf * max(limit - balance, 0)"', f'"{exposure[1].format(shape.fields[0])}"')
    head = head.replace("[500, 530, 560]", str(list(shape.bands)))
    if not shape.money:
        head = head.replace('currency = "US$"', 'currency = "¤"')
    gap = shape.fields[-2] if len(shape.fields) > 2 else ""
    parts = [head, *(_field(name, shape.label(name), name == gap) for name in shape.fields)]
    parts += [_protected(k, size) for k, size in enumerate(shape.groups)]
    parts += [
        _target(),
        *_inputs(shape),
        *(_lever(name, shape.label(name)) for name in shape.fields[: shape.levers]),
        ASSUMPTIONS,
    ]
    parts += [_shock(name, shape.label(name)) for name in shape.fields[: shape.shocks]]
    parts += [ECONOMY] if shape.economy else []
    parts += [APPETITE.format(each, 1e3, "at most") for each in shape.limits]
    parts += [
        f'[[segments]]\nname = "{name}_band"\nlabel = "{shape.label(name)}"\nfield = "{name}"\nedges = [3, 6]\n'
        for name in shape.fields[: shape.segments]
    ]
    return "\n".join(parts)


def _field(name: str, label: str, missing: bool) -> str:
    return f"""
[[concepts]]
name = "c_{name}"
label = "Concept {label}"
reason = "Something of {name}"

[[fields]]
name = "{name}"
label = "{label}"
role = "input"
minimum = 0
maximum = 9
step = 1
missing = {str(missing).lower()}
mutability = "free"
concept = "c_{name}"
help = "Made up."
"""


def _protected(k: int, size: int) -> str:
    codes = "\n".join(f'{code} = "group {code}"' for code in range(size))
    return (
        f'[[fields]]\nname = "protected_{k}"\nlabel = "Attribute {k}"\nrole = "protected"\nmutability = "never"\n'
        f"[fields.codes]\n{codes}\n"
    )


def _target() -> str:
    return (
        '[[fields]]\nname = "defaulted"\nlabel = "Defaulted"\nrole = "target"\nmutability = "never"\n[fields.codes]\n'
        '0 = "no"\n1 = "yes"\n'
    )


def _inputs(shape: Shape) -> list[str]:
    """Three inputs, each the sum of every third field; what is missing counts as nothing."""
    found = []
    for k in range(min(INPUTS, len(shape.fields))):
        own = shape.fields[k::INPUTS]
        total = " + ".join(f"where({name} >= 0, {name}, 0)" for name in own)
        found.append(
            f'[[inputs]]\nname = "input_{k}"\nlabel = "Input {k}"\nformula = "{total}"\nconcept = "c_{own[0]}"\n'
        )
    return found


def _lever(name: str, label: str) -> str:
    return f"""
[[levers]]
name = "{name}"
label = "{label}"
unit = ""
minimum = 0
maximum = 9
step = 1
start = "{name}"
phrase = "{name} at {{}}"
concept = "c_{name}"
rules = {{ {name} = "value" }}
shows = "input_0"
help = "Made up."
"""


def _shock(name: str, label: str) -> str:
    return f"""
[[shocks]]
name = "{name}"
label = "{label}"
unit = "±%"
minimum = -50
maximum = 50
step = 5
phrase = "{name} {{}}"
swing = 10
rules = {{ {name} = "min({name} * (1 + value / 100), 9)" }}
help = "Made up."
"""


def records(shape: Shape) -> pd.DataFrame:
    """The records: the larger the fields, the likelier to default."""
    chance = np.random.default_rng(0)
    values = chance.integers(0, 10, (len(shape.fields), RECORDS)).astype(float)
    margin = (values - 4.5).sum(0) / (2 * np.sqrt(len(shape.fields))) - 1
    columns: dict[str, Sequence[float]] = dict(zip(shape.fields, values, strict=True))
    if len(shape.fields) > 2:
        values[-2, chance.random(RECORDS) < 0.1] = np.nan
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
