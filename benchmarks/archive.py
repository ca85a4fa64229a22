"""What one archived response costs, beside warcio's own writer: the same pages, gzip per record."""

from __future__ import annotations

import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks.measure import measure_in_turns, print_line, print_table, ratio
from catalogue.archive import Archive
from catalogue.warc import Exchange
from demo.world import build_world

_PAGES = 300
_WHEN = datetime(2025, 6, 30, tzinfo=UTC)
_TYPE = ("Content-Type", "text/html; charset=utf-8")


def pages() -> list[bytes]:
    """The texts of the demo's documents, each as long as a page of a portal."""
    world = build_world()
    texts = [truth.text for truth in world.truths if truth.text]
    joined = [" ".join(texts[place : place + 12]) for place in range(len(texts))]
    return [f"<html><body>{text}</body></html>".encode() for text in joined[:_PAGES]]


def main() -> None:
    """Write the same pages with both, in turns."""
    bodies = pages()

    def ours() -> None:
        with tempfile.TemporaryDirectory() as folder, Archive(Path(folder)).writer("a") as writer:
            for number, body in enumerate(bodies):
                writer.add(
                    Exchange(
                        url=f"http://a.vn/{number}",
                        captured_at=_WHEN,
                        request_head=b"GET / HTTP/1.1\r\nHost: a.vn\r\n\r\n",
                        status=200,
                        reason="OK",
                        headers=(_TYPE,),
                        payload=body,
                        address=None,
                    )
                )

    def theirs() -> None:
        with tempfile.TemporaryFile() as file:
            writer = WARCWriter(file, gzip=True)
            for number, body in enumerate(bodies):
                url = f"http://a.vn/{number}"
                answer = StatusAndHeaders("200 OK", [_TYPE], protocol="HTTP/1.1")
                asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "a.vn")], is_http_request=True)
                response = writer.create_warc_record(
                    url, "response", payload=io.BytesIO(body), http_headers=answer
                )
                request = writer.create_warc_record(url, "request", http_headers=asked)
                writer.write_request_response_pair(request, response)

    figures = measure_in_turns({"ours": ours, "warcio": theirs}, calls=len(bodies))
    times = ratio(figures["ours"], figures["warcio"])
    rows = [(name, f"{median(values):.0f}") for name, values in figures.items()]
    print_table(f"Archiving {len(bodies)} pages", ("", "CPU µs a response"), rows)
    print_line("archive", {"cpu_us_response": median(figures["ours"]), "cpu_vs_warcio": times})


if __name__ == "__main__":
    main()
