"""Settings from the environment, prefix ``WHATIF_``."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """``home``: where releases and other state live. ``book``: the book the dashboard opens on.
    ``url_state``: whether edits stand in the address (``off`` leaves only the customer's number)."""

    model_config = SettingsConfigDict(env_prefix="WHATIF_", frozen=True)

    home: Path = Path(".whatif")
    book: str = "cards"
    url_state: bool = True


def settings() -> Settings:
    """The settings now in force."""
    return Settings()
