"""Who gets in once this installation listens: programs by their tokens, people by a login or a proxy's word."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from data.errors import WhatIfError
from model.deployed.doctor.check import DoctorCheck
from model.security.people import loopback
from model.security.tokens import Tokens, token_needed
from model.settings import Settings

SECRETS = Path(".streamlit", "secrets.toml")  # below the folder the dashboard is started in, or its user's own

MAKE = "Make a token: python -m model token create NAME --scope score"


def tokens_check(using: Settings, host: str) -> DoctorCheck:
    """Whether programs can be answered where the service listens."""
    name, here = "Tokens", loopback(host)
    if not token_needed(using):
        if here:
            return DoctorCheck(
                name,
                "warning",
                "None is asked for (WHATIF_API_TOKENS): it listens on this machine only, and whoever a proxy on it "
                "sends here is answered too.",
                f"Leave WHATIF_API_TOKENS out where a proxy runs. {MAKE}",
            )
        return DoctorCheck(
            name,
            "stops",
            f"None is asked for (WHATIF_API_TOKENS), so that nobody is answered who comes from beyond this machine, "
            f"though it listens on {host}.",
            f"Set WHATIF_API_TOKENS=on, or leave it out. {MAKE}",
        )
    try:
        known = Tokens(using.home).listing()
    except WhatIfError as error:
        return DoctorCheck(name, "stops", str(error), "Put the file right, or delete it and make tokens anew.")
    now = datetime.now(UTC)
    good = [each for each in known if each.expires is None or each.expires > now]
    if not known and here and using.api_tokens is None and not using.user_header:
        return DoctorCheck(name, "ok", f"They are asked for, and none is known: no program gets in. {MAKE}.")
    if not good:
        what = f"The {len(known)} known have expired" if known else "None is known"
        return DoctorCheck(name, "warning", f"{what}, and one is asked for: no program gets in.", MAKE)
    return DoctorCheck(name, "ok", f"They are asked for; {len(good)} can be used.")


def people_check(using: Settings, host: str, places: Sequence[Path] | None = None) -> DoctorCheck:
    """Whether people can be let in where the dashboard listens. ``places``: where its secrets may lie."""
    name = "People"
    try:
        login = _login(_places() if places is None else places)
    except (OSError, ValueError) as error:
        told = "The file secrets.toml cannot be read, and nobody gets in"
        return DoctorCheck(name, "stops", f"{told}: {error}.", "Put it right, or remove it where no login is wanted.")
    if login:
        if find_spec("authlib") is None:
            return DoctorCheck(
                name, "stops", "A login is configured, and what it needs is not installed.", "pip install authlib"
            )
        return DoctorCheck(name, "ok", "They log in (a section [auth] in secrets.toml).")
    if using.user_header:
        return _proxy_check(name, using)
    if loopback(host):
        return DoctorCheck(
            name, "ok", "Whoever opens the link that it prints gets in on this machine, and nobody else."
        )
    return DoctorCheck(
        name,
        "stops",
        f"The dashboard would listen on {host} and has no way to know who is asking: it lets nobody in.",
        "Configure a login (a section [auth] in secrets.toml) or a proxy that names the user (WHATIF_USER_HEADER and "
        "WHATIF_TRUSTED_PROXY), or listen on 127.0.0.1 only.",
    )


def _proxy_check(name: str, using: Settings) -> DoctorCheck:
    if not using.trusted_proxy:
        return DoctorCheck(
            name,
            "stops",
            f"A proxy is to name them in {using.user_header}, and no proxy is believed: nobody gets in.",
            "Give the address or network the proxy has in WHATIF_TRUSTED_PROXY.",
        )
    anybody = [str(each) for each in using.trusted_proxy if each.prefixlen == 0]
    if anybody:
        return DoctorCheck(
            name,
            "stops",
            f"WHATIF_TRUSTED_PROXY holds {anybody[0]}: anybody who reaches the dashboard may choose a name.",
            "Give the address or network of the proxy only.",
        )
    where = ", ".join(map(str, using.trusted_proxy))
    return DoctorCheck(name, "ok", f"A proxy at {where} names them in {using.user_header}.")


def _places() -> list[Path]:
    return [Path.home() / SECRETS, Path.cwd() / SECRETS]


def _login(places: Sequence[Path]) -> bool:
    """Whether a login is configured in the last of the files that is there, as Streamlit reads them."""
    sections: dict[str, object] = {}
    for path in places:
        if path.is_file():
            sections |= tomllib.loads(path.read_text("utf-8"))
    return isinstance(sections.get("auth"), Mapping)
