"""A login for the shipped proxy to ask, as oauth2-proxy would answer it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.support.deploy import USER

ANN = "ann@bank.example"
LOGGED_IN = "login=ann"  # the cookie of whoever is Ann


class Login:
    """What oauth2-proxy answers nginx, on 127.0.0.1: whoever has its cookie is Ann; who signs in gets it, and is sent
    to where they came from."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(urlsplit(self.path).path)
                known = LOGGED_IN in self.headers.get("Cookie", "")
                if asked[-1] == "/oauth2/auth":
                    return self._answer(202 if known else 401, {USER: ANN} if known else {})
                back = self.headers["X-Auth-Request-Redirect"]
                self._answer(302, {"Location": back, "Set-Cookie": f"{LOGGED_IN}; Path=/; HttpOnly; Secure"})

            def _answer(self, status: int, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_given: object) -> None:
                return None

        self.asked = asked
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
