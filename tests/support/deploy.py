"""What the files of model/deploy say, and nginx started from the one that is shipped."""

import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.server import ROOT, free_port

DEPLOY = ROOT / "model" / "deploy"
OWN_PATHS = ("/etc/credit-what-if/tls", "/run/credit-what-if", "/var/cache/credit-what-if", "/var/log/credit-what-if")
USER = "X-Auth-Request-Email"  # the header that the shipped proxy names the user in
START_SECONDS = 120.0
NOTED_SECONDS = 120.0
DASHBOARD_LINE = "        server 127.0.0.1:{port} max_fails=2 fail_timeout=5s;\n"  # of the shipped proxy
DASHBOARD_LINES = "".join(DASHBOARD_LINE.format(port=port) for port in (8501, 8502))


def environments() -> Path:
    """The folder of .ci/deploy.sh; without one the test is skipped, but fails where everything must run."""
    given = os.environ.get("WHATIF_TEST_DEPLOY", "")
    if (Path(given) / "checkers").is_dir() and given:
        return Path(given)
    told = "WHATIF_TEST_DEPLOY names no folder with environments; make them with .ci/deploy.sh"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


# ---- the Dockerfile --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Instructions:
    """What the last stage of the Dockerfile says: its settings, what it copies from the project, how it is started, and
    how its health is asked for."""

    settings: Mapping[str, str]
    copied: tuple[tuple[tuple[str, ...], str], ...]
    command: tuple[str, ...]
    health: tuple[str, ...]


def dockerfile() -> Instructions:
    """Read as a builder reads it: continued lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    last = text.rpartition("\nFROM ")[2]
    words = [(line.split()[0], line.partition(" ")[2]) for line in last.splitlines()[1:] if line.strip()]
    settings: dict[str, str] = {}
    copied = []
    for word, rest in words:
        if word == "ENV":
            settings |= dict(each.split("=", 1) for each in shlex.split(rest))
        elif word == "COPY" and not rest.startswith("--from"):
            *sources, to = rest.split()
            copied.append((tuple(sources), to))
    return Instructions(settings, tuple(copied), _words(words, "CMD"), _words(words, "HEALTHCHECK"))


def _words(lines: list[tuple[str, str]], instruction: str) -> tuple[str, ...]:
    (found,) = [rest for word, rest in lines if word == instruction]
    return tuple(json.loads(found[found.index("[") :]))


# ---- a user without rights -------------------------------------------------------------------------------------------


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder of whoever `unprivileged` commands run as; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="deploy-"))
    try:
        give(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def give(*paths: Path) -> None:
    """Let `unprivileged` commands own files, if root makes them."""
    if os.geteuid() == 0:
        for path in paths:
            shutil.chown(path, "nobody", "nogroup")


def unprivileged(*words: str) -> list[str]:
    """A command, as nobody if the tests are run by root: root may do what a server may not."""
    return ["runuser", "-u", "nobody", "--", *words] if os.geteuid() == 0 else list(words)


# ---- nginx -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proxy:
    """nginx, running: its addresses, with TLS and without, and what it notes of each request."""

    url: str
    plain: str
    log: Path

    def reached(self) -> list[tuple[str, str]]:
        """Path and upstream of each request that has ended, without those that nginx answered by itself."""
        lines = [line.rsplit(" ", 1) for line in self.log.read_text().splitlines()]
        found = [(re.search(r'"\S+ (.*?)"', line), upstream) for line, upstream in lines]
        return [(path[1], upstream) for path, upstream in found if path is not None and upstream != "-"]

    def reached_at_last(self, n: int, but: str = "") -> list[tuple[str, str]]:
        """The same apart from one path, once they are `n`: nginx notes a request after it has been answered."""
        until = time.monotonic() + NOTED_SECONDS
        while len(found := [each for each in self.reached() if each[0] != but]) < n and time.monotonic() < until:
            time.sleep(0.02)
        return found


def rendered(replaced: Mapping[str, str]) -> str:
    """The shipped configuration with other addresses and paths; each must stand in it."""
    text = (DEPLOY / "nginx.conf").read_text()
    for old, new in replaced.items():
        assert old in text, f"nginx.conf has no {old}"
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(
    dashboards: Sequence[int], login: int, services: tuple[int, int] = (1, 1), below: str = ""
) -> Iterator[Proxy]:
    """The shipped proxy before dashboards, a login and services at these ports, below a path if one is given."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, "nginx is not installed; on Debian: apt-get install nginx"
    secure, plain = free_port(), free_port()
    with own_folder() as folder:
        replaced = {path: str(folder) for path in OWN_PATHS}
        replaced |= {DASHBOARD_LINES: "".join(DASHBOARD_LINE.format(port=port) for port in dashboards)}
        replaced |= {"127.0.0.1:8600": f"127.0.0.1:{services[0]}", "127.0.0.1:8601": f"127.0.0.1:{services[1]}"}
        replaced |= {"127.0.0.1:4180": f"127.0.0.1:{login}"}
        replaced |= {"listen 8443 ": f"listen 127.0.0.1:{secure} ", "listen 8080": f"listen 127.0.0.1:{plain}"}
        if below:
            replaced |= {"location / {": f"location /{below}/ {{", "location /api/": f"location /{below}/api/"}
        (folder / "nginx.conf").write_text(rendered(replaced))
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
        subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
        give(key, certificate)
        log = folder / "output.log"
        with log.open("wb") as output:
            words = unprivileged(program, "-e", "stderr", "-c", str(folder / "nginx.conf"))
            process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
            try:
                _await_listening(secure, process, log)
                yield Proxy(f"https://127.0.0.1:{secure}", f"http://127.0.0.1:{plain}", folder / "access.log")
            finally:
                process.terminate()
                process.wait(20)


BARE = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ {more} proxy_pass http://127.0.0.1:{to}; }}
    }}
}}
"""


@contextmanager
def bare_nginx(to: int, more: str = "") -> Iterator[str]:
    """nginx as one line sets it up, before what listens at a port of this machine, and whatever else is said of it; its
    address."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, "nginx is not installed; on Debian: apt-get install nginx"
    port = free_port()
    with own_folder() as folder:
        (folder / "nginx.conf").write_text(BARE.format(folder=folder, port=port, to=to, more=more))
        log = folder / "output.log"
        with log.open("wb") as output:
            words = unprivileged(program, "-e", "stderr", "-c", str(folder / "nginx.conf"))
            process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
            try:
                _await_listening(port, process, log)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait(20)


def _await_listening(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1.0):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nginx did not start:\n{log.read_text(errors='replace')}")


def any_certificate() -> ssl.SSLContext:
    """A client's, for a server whose certificate nobody vouches for."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
