"""A client of the control plane, `/_estate/…`, for whoever waits for a served estate: the command line, and tests."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

import httpx

from contracts.verdict import Summary
from reports import summary_json
from sim.fence import wall_s

ANSWER_S: Final = 30.0
LOOK_AGAIN_S: Final = 1.0
"""How long one question about the clock waits for news; whatever happens to the clock answers it at once."""
GRACE_S: Final = 5.0


class ControlError(Exception):
    """The control plane said no (`status`), or nothing at all (0)."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status beside the words."""
        super().__init__(message)
        self.status = status


class Control:
    """The control plane of one served estate. Paths are as in its document, from `/clock` on."""

    def __init__(self, url: str, token: str) -> None:
        """Speak with the estate that is served at a URL; nothing is asked yet."""
        self.url = url
        headers = {"authorization": f"Bearer {token}"}
        # Proxies are for the world outside; an estate is on this machine.
        self._http = httpx.Client(base_url=f"{url}/_estate", headers=headers, timeout=ANSWER_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Read."""
        return self._call("GET", path).json()

    def post(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Do something."""
        return self._call("POST", path, body).json()

    def put(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        """Put something in the place of what is there."""
        return self._call("PUT", path, body).json()

    def delete(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Take something away."""
        return self._call("DELETE", path).json()

    def advance(self, *, seconds: float | None = None, to: str = "", patience_s: float = 60.0) -> Any:  # noqa: ANN401 - JSON
        """Go step by step with the subject: so many business seconds, to a moment, or to the end."""
        far = {"seconds": seconds} if seconds is not None else {"to": to} if to else {}
        asked = {**far, "patience_s": patience_s}
        return self._call("POST", "/clock/advance", asked, patience_s + GRACE_S).json()

    def summary(self) -> Summary | None:
        """The verdict, if it has been settled."""
        answer = self._call("GET", "/verdict")
        return summary_json.decode(answer.content) if answer.status_code == httpx.codes.OK else None

    def settled(self, timeout_s: float, *, advance: bool = False) -> Summary | None:
        """Wait for the verdict, by the estate's own pace or step by step; None when there is none in time."""
        ends_s = wall_s() + timeout_s
        while True:
            if advance:
                self._advance_if_possible(max(0.0, ends_s - wall_s()))
            seen = self.get("/clock")["version"]
            if (found := self.summary()) is not None:
                return found
            left_s = ends_s - wall_s()
            if left_s <= 0:
                return None
            self.get(f"/clock?seen={seen}&wait={min(left_s, LOOK_AGAIN_S):.3f}")

    def _advance_if_possible(self, patience_s: float) -> None:
        """Unless the subject has not shown itself yet, or it is all over."""
        try:
            self.advance(patience_s=patience_s)
        except ControlError as error:
            if error.status != httpx.codes.CONFLICT:
                raise

    def _call(self, method: str, path: str, body: object = None, timeout_s: float = ANSWER_S) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=body, timeout=timeout_s)
        except httpx.HTTPError as error:
            message = f"{self.url} does not answer: {type(error).__name__} {error}"
            raise ControlError(0, message) from None
        if answer.is_error:
            raise ControlError(
                answer.status_code, f"{method} /_estate{path} answers {answer.status_code}: {answer.text}"
            )
        return answer
