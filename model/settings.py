"""Settings from the environment, prefix ``WHATIF_``."""

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import BadInput


class Settings(BaseSettings):
    """``home``: where releases and other state live. ``book``: the book the dashboard opens on.
    ``url_state``: whether edits stand in the address (``off`` leaves only the customer's number)."""

    model_config = SettingsConfigDict(env_prefix="WHATIF_", frozen=True)

    home: Path = Path(".whatif")
    book: str = "cards"
    url_state: bool = True


def settings() -> Settings:
    """The settings now in force; BadInput if the environment holds a value that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(("WHATIF", *map(str, first["loc"]))).upper()
        told = f"{name} in the environment cannot be used: {first['msg']}; {first['input']!r} was given."
        raise BadInput(told) from error
