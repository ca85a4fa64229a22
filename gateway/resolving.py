"""Asking where an address leads, outside a request: the same resolver as serving, in words."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from gateway.route_lines import route_in_lines
from redirects.resolution import Explanation, Proxied, Request, Retired
from redirects.resolver import describe

_NOTHING = ("no match", "none here", "none on this host")
_AS_TYPED = "%/:?#[]@!$&'()*+,;=~|\\^`{}\"<>-._"


def request_of(url: str, *, method: str = "GET") -> Request:
    """Return the request a client makes for a typed address; a missing scheme is http.

    Raises ValueError for an address without a host.
    """
    typed = url.strip()
    parts = urlsplit(typed if "://" in typed else f"http://{typed}")
    if not parts.hostname:
        raise ValueError(f"{url!r} names no host")
    return Request(
        host=parts.netloc.rpartition("@")[2],
        raw_path=_on_the_wire(parts.path or "/"),
        raw_query=_on_the_wire(parts.query),
        method=method.upper(),
    )


def _on_the_wire(text: str) -> bytes:
    return quote(text, safe=_AS_TYPED).encode("ascii")


def explain_in_lines(url: str, explanation: Explanation) -> list[str]:
    """Return the address, the rungs that had nothing (one line), those that spoke, the answer.

    What is passed on is followed by its route, in a line for each question.
    """
    spoke = [step for step in explanation.steps if step.outcome not in _NOTHING]
    silent = [step.rung for step in explanation.steps if step.outcome in _NOTHING]
    lines = [f"{'address':<14}{url}"]
    key = getattr(explanation.resolution, "key", None)
    if key:
        lines.append(f"{'looked up as':<14}{key}")
    lines += [f"{step.rung:<14}{step.outcome}" for step in spoke[:1]]
    if silent:
        lines.append(f"{'no match':<14}{', '.join(silent)}")
    lines += [f"{step.rung:<14}{step.outcome}" for step in spoke[1:]]
    lines.append(f"{'answer':<14}{describe(explanation.resolution)}")
    if isinstance(explanation.resolution, Proxied | Retired):
        lines += route_in_lines(explanation.resolution.route)
    return lines
