"""The way to a deployed model elsewhere: HTTP with patience, but not without end.

One deadline covers all of an attempt, whatever the server does meanwhile. A prediction changes nothing, so a call that
found no answer is made again, under the same request id, by which the server can tell that it is the same one. After
three calls in a row without an answer the way counts as closed: for five seconds calls fail at once instead of waiting,
then one is let through to see.
"""

import logging
import re
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from threading import Lock
from typing import TypeVar

import httpx

from model.deployed.address import ModelAddress, model_address
from model.deployed.deadline import Deadline, keep
from model.deployed.dialects import PURPOSE, TRYING, complaint
from model.deployed.latency import LatencyLog
from model.deployed.questions import Question
from model.deployed.sign_in import ClientCredentials, known_secrets, plain_headers, tls
from model.deployed.withheld import TOLD, Secrets
from model.errors import NoAnswer, Refused, RemoteError
from model.settings import Settings

ATTEMPTS = 3
PAUSE = 0.1  # seconds before the second attempt, twice that before the third, each give or take a half
AGAIN = frozenset({429, 502, 503, 504})
CLOSES_AFTER, CLOSED_FOR = 3, 5.0  # calls in a row without an answer; seconds
MOST_BYTES = 64 * 2**20
FURTHEST = timedelta(days=365)  # a later moment that a server names is told as one that is far off

T = TypeVar("T")

for _speaks in ("httpx", "httpcore"):  # what they log of a call holds what the server said, secrets among it
    logging.getLogger(_speaks).setLevel(logging.WARNING)


@dataclass(frozen=True)
class HttpReply:
    """Whatever the server answered in the end. ``json_bytes``: how many bytes of the ``body`` are JSON, where others
    follow; else 0."""

    status: int
    body: bytes
    json_bytes: int = 0


class Breaker:
    """Whether calls are let through. ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._failed, self._until, self._trying = 0, 0.0, False

    def admits(self) -> bool:
        """Whether a call may go; who was let through must tell how it `ended`."""
        with self._lock:
            if self._failed < CLOSES_AFTER:
                return True
            if self._trying or self._clock() < self._until:
                return False
            self._trying = True
            return True

    def ended(self, answered: bool) -> None:
        """A call that was let through has ended."""
        with self._lock:
            self._failed = 0 if answered else self._failed + 1
            self._until, self._trying = self._clock() + CLOSED_FOR, False


class Transport:
    """Calls to one server, from any thread. Close it, or use it in a ``with`` statement.

    Raises
    ------
    BadInput
        If the address, the token or the file of certificate authorities cannot be used.
    """

    def __init__(self, settings: Settings, pulse: LatencyLog | None = None, breaker: Breaker | None = None) -> None:
        self.address: ModelAddress = model_address(settings)
        self.pulse, self._breaker = pulse or LatencyLog(), breaker or Breaker()
        self.host = self.address.host
        self._timeout, self._trouble = settings.model_timeout, ""
        self.secrets = Secrets(*known_secrets(settings))
        self._deadline = Deadline()
        self._client = httpx.Client(
            base_url=self.address.base,
            headers={PURPOSE: TRYING} | plain_headers(settings),
            timeout=httpx.Timeout(self._timeout),
            verify=tls(settings),
            follow_redirects=False,  # the token and the customers' figures go where the settings say and nowhere else
            trust_env=not _on_this_machine(str(settings.model_url.host if settings.model_url else "")),
        )
        keep(self._client, self._deadline)
        if settings.model_oauth_url is not None:
            self._client.auth = ClientCredentials(settings, self.secrets, self._fetched)

    def _fetched(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request for a token, without what signs in to the model."""
        return self._client.send(request, auth=None)

    def __enter__(self) -> "Transport":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()

    def get(self, path: str) -> HttpReply:
        """What the server says at ``path``, whatever the status; NoAnswer if nothing, Refused as `post`."""
        with self._noted():
            return self._asked("GET", path, Question(b""), "")

    def try_out(self, path: str, body: bytes) -> HttpReply:
        """What the server says to a JSON ``body`` at ``path``, whatever the status; raises as `get`."""
        with self._noted():
            return self._asked("POST", path, Question(body), secrets.token_hex(16))

    def post(self, path: str, body: bytes, identity: str, read: Callable[[bytes], T]) -> T:
        """What ``read`` makes of the answer to a JSON ``body``; see `exchange`."""
        return self.exchange(path, Question(body), identity, lambda answer: read(answer.body))

    def exchange(self, path: str, question: Question, identity: str, read: Callable[[HttpReply], T]) -> T:
        """What ``read`` makes of the answer to a question.

        ``identity`` of the call is the same in all its attempts.

        Raises
        ------
        NoAnswer
            If there is none after all attempts, or the way is closed.
        Refused
            If the server says no, in its own words; and what ``read`` raises.
        """
        with self._noted():
            answer = self._asked("POST", path, question, identity)
            if answer.status != 200:
                raise self.refusal(answer)
            return read(answer)

    def refusal(self, answer: HttpReply) -> Refused:
        """What an answer other than 200 means, in the server's own words but few of them."""
        words = self._told(answer)
        if answer.status in (401, 403):
            told = f"does not accept the token ({words}). Set WHATIF_MODEL_TOKEN to one that may predict."
        elif 300 <= answer.status < 400:
            told = f"points to another address ({words}). Set WHATIF_MODEL_URL to the final one."
        elif answer.status >= 500:
            told = f"failed at this question ({words}). Look into its log."
        else:
            told = f"refused this question ({words}). Check the mapping and WHATIF_MODEL_NAME."
        refused = Refused(f"The deployed model at {self.host} {told}")
        refused.status = answer.status
        return refused

    def _told(self, answer: HttpReply) -> str:
        """The status, and what the server says of it."""
        whole = answer.body[:100_000].decode(errors="replace")
        said = self.secrets.cleaned(complaint(answer.body))
        if self.secrets.held_by(whole):  # of which the words are a part, cut off perhaps where the secret begins
            said = TOLD
        return f"{answer.status}: {said}" if said else str(answer.status)

    # ---- one call ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Note how a call went; none is made while the way is closed."""
        if not self._breaker.admits():
            raise self._silence(self._trouble)
        start, answered, trouble = time.perf_counter(), False, "broken off"
        try:
            yield
            answered, trouble = True, ""
        except RemoteError as error:
            answered = not isinstance(error, NoAnswer)
            clean = self.secrets.cleaned_error(error, self.host)
            trouble = str(clean) if answered else self._trouble
            if clean is not error:
                raise clean from None
            raise
        finally:
            self._breaker.ended(answered)
            self.pulse.note(1000 * (time.perf_counter() - start), trouble)

    def _asked(self, method: str, path: str, question: Question, identity: str) -> HttpReply:
        for attempt in range(1, ATTEMPTS + 1):
            wait = PAUSE * 2 ** (attempt - 1) * (0.5 + secrets.randbelow(1000) / 1000)
            try:
                answer, after = self._attempt(method, path, question, identity)
            except httpx.TransportError as error:
                trouble = self._words(error)
            except httpx.HTTPError as error:
                raise Refused(
                    f"The answer of {self.host} cannot be unpacked: {self._clean(str(error))}. Ask whoever runs it."
                ) from None
            else:
                if answer.status not in AGAIN:
                    return answer
                trouble = self._told(answer)
                wait = max(wait, after)
                if wait > self._timeout:
                    trouble = f"{trouble}; it asks to be left alone until {_moment(wait)}"
            if attempt == ATTEMPTS or wait > self._timeout:
                raise self._silence(trouble)
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _attempt(self, method: str, path: str, question: Question, identity: str) -> tuple[HttpReply, float]:
        """An answer and the seconds its Retry-After asks for. All of it, from the connection to the last byte, must
        come within the time-out."""
        headers = {**question.headers, "x-request-id": identity} if identity else {}
        body_of = []
        size = 0
        with (
            self._deadline.within(self._timeout),
            self._client.stream(method, path, content=question.body or None, headers=headers) as response,
        ):
            for chunk in response.iter_bytes():
                body_of.append(chunk)
                size += len(chunk)
                if size > MOST_BYTES:
                    raise Refused(f"The deployed model at {self.host} answered more than {MOST_BYTES >> 20} MB.")
        told = response.headers.get("inference-header-content-length", "")
        json_bytes = int(told) if re.fullmatch(r"\d{1,9}", told) else 0
        reply = HttpReply(response.status_code, b"".join(body_of), min(json_bytes, size))
        return reply, _retry_after(response.headers.get("retry-after", ""))

    # ---- words -------------------------------------------------------------------------------------------------------

    def _silence(self, trouble: str) -> NoAnswer:
        answered = self.pulse.read().answered
        since = f"has not answered since {_clock(answered)}" if answered else "has not answered yet"
        self._trouble = trouble
        return NoAnswer(f"The deployed model at {self.host} {since} ({trouble}). Check that it runs, then try again.")

    def _words(self, error: httpx.TransportError) -> str:
        """What went wrong on the way; Refused at once where trying again cannot help."""
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise Refused(
                    f"The certificate of {self.host} is not trusted: {cause.verify_message}. "
                    "Name the file of the bank's certificate authorities in WHATIF_MODEL_CA."
                ) from None
        if isinstance(error, httpx.TimeoutException):
            return f"no answer within {self._timeout:g} s"
        return self._clean(re.sub(r"^\[Errno -?\d+\] ", "", str(error))) or type(error).__name__

    def _clean(self, text: str) -> str:
        return self.secrets.cleaned(text)


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _retry_after(text: str) -> float:
    """Seconds, of a number or a date; 0 if neither."""
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
        return max((when - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):  # no date, or one without a time zone
        return 0.0


def _moment(seconds: float) -> str:
    """When so many seconds will have passed."""
    wait = timedelta(seconds=min(seconds, FURTHEST.total_seconds()))
    return "further notice" if wait >= FURTHEST else _clock(datetime.now(UTC) + wait)


def _clock(when: datetime) -> str:
    today = when.date() == datetime.now(UTC).date()
    return f"{when:%H:%M} UTC" if today else f"{when.day} {when:%B %H:%M} UTC"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
