"""What the program and its files do by themselves is safe: no dangerous call, no debugging, TLS at the proxy."""

import ast
import json
import re
import string
import subprocess
import sys
from pathlib import Path

from streamlit import config

from model.security.locality import KEY
from model.security.tokens import Tokens
from tests.test_architecture import PROJECT, SOURCES

DANGEROUS = (  # rules of flake8-bandit, by the name that ruff has for each
    "S102",  # exec
    "S103",  # files that everybody may write
    "S108",  # names in /tmp that anybody guesses
    "S113",  # calls without a time-out
    "S202",  # archives unpacked wherever they say
    "S30",  # pickle, marshal, eval, weak hashes, mktemp, readers of XML
    "S31",  # chance that can be guessed, XML
    "S32",  # weak hashes by their names
    "S50",  # certificates not checked, YAML that runs
    "S602",  # a shell
    "S604",
    "S605",
    "S608",  # SQL out of pieces
    "S612",
    "S70",  # templates that escape nothing
)
KNOWN = {  # each looked at: what it is given is checked, or is a constant of ours
    ("data/formulas.py", "S307"): 2,  # the formula of a contract, its syntax tree checked, without builtins
    ("model/export/phone/formulas.py", "S307"): 1,  # a constant part of one
    ("model/record/migrations/__init__.py", "S608"): 1,  # names of tables and columns that stand in the code
    ("model/record/schema.py", "S608"): 4,
}


def test_nothing_dangerous_is_called_but_where_it_is_known():
    found: dict[tuple[str, str], int] = {}
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--ignore-noqa", "--no-cache", "--exit-zero"]
    command += ["--output-format", "json", "--select", ",".join(DANGEROUS), "app.py", "data", "model", "pages"]
    said = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    for each in json.loads(said.stdout):
        key = (Path(each["filename"]).relative_to(PROJECT).as_posix(), each["code"])
        found[key] = found.get(key, 0) + 1
    assert found == KNOWN


PATTERNS = {  # files with a pattern put together of parts: constants, or words of a contract that were escaped
    "data/contract/toml.py",
    "data/contract/whereabouts.py",
    "data/files/days.py",
    "data/files/numbers.py",
    "model/report/ask/tokens.py",
}


def test_no_pattern_is_made_of_what_is_sent():
    """It stands in the code: as text, by the name of a constant, or of parts that were escaped."""
    found = set()
    for path in (each for each in SOURCES if "re." in each.read_text()):
        for call in (
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and node.args
        ):
            if not (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)):
                continue
            parts = [each.value for each in ast.walk(call.args[0]) if isinstance(each, ast.FormattedValue)]
            fixed = ("re.escape(", *string.ascii_uppercase)
            if call.func.value.id == "re" and not all(ast.unparse(each).startswith(fixed) for each in parts):
                found.add(path.relative_to(PROJECT).as_posix())
    assert found == PATTERNS


def test_secrets_have_256_bits_of_chance(tmp_path: Path):
    tokens = Tokens(tmp_path)
    made = [tokens.create(f"program{k}", ["score"]).removeprefix("wi_") for k in range(3)]
    assert len({*made, KEY}) == 4
    assert all(len(each) >= 256 / 6 for each in (*made, KEY))  # six bits a letter


def test_nothing_is_told_of_defects_or_to_others():
    told = (PROJECT / ".streamlit" / "config.toml").read_text()
    wanted = {
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        "browser.gatherUsageStats": False,
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.address": "127.0.0.1",
    }
    for name, value in wanted.items():
        assert name in config.get_config_options()
        said = json.dumps(value)
        assert re.search(rf"^{name.partition('.')[2]} = {re.escape(said)}(\s|$)", told, re.MULTILINE), name


def test_the_proxy_keeps_to_tls_and_tells_browsers_to():
    text = re.sub(r"#.*", "", (PROJECT / "model" / "deploy" / "nginx.conf").read_text())
    assert re.findall(r"ssl_protocols ([^;]*);", text) == ["TLSv1.2 TLSv1.3"]
    assert not re.search(r"proxy_cache\w* |proxy_store|autoindex|ssl_verify_client off", text)
    secure, clear = re.split(r"listen 8080;", text)
    assert "listen 8443 ssl;" in secure
    locations = [each for each in re.split(r"\blocation ", secure) if "add_header" in each]
    assert len(locations) == 2  # of all of it, and of the one place that adds headers of its own
    for each in locations:
        assert 'Strict-Transport-Security "max-age=31536000; includeSubDomains" always' in each
    (cookie,) = re.findall(r'Set-Cookie "([^"]*)"', secure)
    assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; "))
    assert re.findall(r"location (\S+) \{\s*return (\d+)", clear) == [("/", "308"), ("/api/", "403")]
    assert "proxy_pass" not in clear
