"""Upstreams of preserved APIs: a real nginx, a slow one, one that lies, one that dies."""

from __future__ import annotations

import asyncio
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.journeys.web_servers import program_of

FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Tin Hải Phòng</title><link>http://haiphong.test/</link>
<description>Tin mới</description>
<item><title>Lịch tiếp công dân tháng 7</title><guid>http://haiphong.test/tin/1</guid></item>
</channel></rss>
""".encode()
TABLE = ("Mã;Tên\r\n" + "".join(f"{n:05};Xã số {n}\r\n" for n in range(3000))).encode()
_NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; absolute_redirect off; gzip on; gzip_proxied any; gzip_types *; gzip_min_length 100;
    types {{ application/rss+xml xml; text/csv csv; }}
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port}; root {folder}/files;
        location = /api/moved {{ return 302 /api/bang.csv; }}
        location = /api/forbidden {{ add_header WWW-Authenticate 'Basic realm="API"' always; return 401 "no\\n"; }}
        location /api/put/ {{ root {folder}; dav_methods PUT DELETE; create_full_put_path on; }}
    }}
}}
"""


@contextmanager
def nginx(folder: Path, port: int = 0) -> Iterator[str]:
    """Run nginx with a feed and a table; gives its origin."""
    program = program_of("nginx")
    (folder / "files" / "api").mkdir(parents=True, exist_ok=True)
    (folder / "files" / "api" / "tin.xml").write_bytes(FEED)
    (folder / "files" / "api" / "bang.csv").write_bytes(TABLE)
    with socket.create_server(("127.0.0.1", port)) as free:
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=port), encoding="utf-8")
    command = [program, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(config)]
    with subprocess.Popen(command) as server:
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Think, and then answer in chunks with a pause after each."""
    while True:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.2)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for piece in (b"<don-vi>", "Hải Phòng".encode(), b"</don-vi>"):
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.1)
        writer.write(b"0\r\n\r\n")


async def lying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say two lengths, as a broken server in the middle would."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 500\r\n\r\nhello")
    await writer.drain()


async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Break off in the middle of an answer."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 9000\r\n\r\nnua chung"
    )
    await writer.drain()


CORS = (
    b"Access-Control-Allow-Origin: http://%(origin)b\r\nAccess-Control-Allow-Credentials: true\r\n"
    b"Access-Control-Expose-Headers: X-Tong-So\r\nVary: Origin\r\n"
)


async def cross_origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer preflights, JSON with CORS, and JSONP, as an old JSON service does."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        fields = dict(line.partition(b": ")[::2] for line in lines[1:])
        body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
        allow = CORS % {b"origin": fields.get(b"origin", b"").removeprefix(b"http://")}
        writer.write(_cross_origin_answer(head.split(b" ")[0], head.split(b" ")[1], allow, body))
        await writer.drain()


def _cross_origin_answer(method: bytes, target: bytes, allow: bytes, body: bytes) -> bytes:
    if method == b"OPTIONS":
        return (
            b"HTTP/1.1 204 No Content\r\n" + allow + b"Access-Control-Allow-Methods: GET, PUT\r\n"
            b"Access-Control-Allow-Headers: Content-Type, X-Khoa\r\nAccess-Control-Max-Age: 1\r\n\r\n"
        )
    callback = target.partition(b"callback=")[2].partition(b"&")[0]
    kind, text = (b"application/json", b'{"nhan": %d}' % len(body))
    if callback:
        kind, text = b"application/javascript", callback + b"(" + text + b");"
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"; charset=utf-8\r\n" + allow
        + b"X-Tong-So: 1\r\nSet-Cookie: phien=1; Path=/\r\nContent-Length: %d\r\n\r\n" % len(text)
        + text
    )  # fmt: skip


async def page(content: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be another system's web page, whose scripts call the API."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + content)
    await writer.drain()


class Events:
    """A server whose events come when the test says so; `left` once nobody listens."""

    def __init__(self) -> None:
        self.left = threading.Event()
        self._told: queue.SimpleQueue[str] = queue.SimpleQueue()

    def send(self, event: str) -> None:
        """Let one event happen."""
        self._told.put(event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Access-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        gone = asyncio.ensure_future(reader.read())
        while not gone.done():
            while not self._told.empty():
                event = f"data: {self._told.get()}\n\n".encode()
                writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await asyncio.wait([gone], timeout=0.02)
        self.left.set()
