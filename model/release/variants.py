"""The ways to constrain a book's model that are compared: what is shipped, and what each constraint costs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """One way to constrain the model, for the comparison of what constraints cost."""

    label: str
    pairwise: bool
    monotone: bool


SHIPPED = Variant("pairwise, monotone (shipped)", True, True)
VARIANTS = (
    SHIPPED,
    Variant("pairwise", True, False),
    Variant("monotone", False, True),
    Variant("unconstrained", False, False),
)
