"""The servers of the bench of passed-on calls: an upstream, the real site and its three peers."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalogue.migrating import migrate

HOST = "www.haiduong.gov.vn"
PORTAL_HOST = "127.0.0.1"
SIZES = {"1k": 1_000, "64k": 64_000, "10m": 10_000_000}
GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Proxy:
    """A running proxy: which process to charge, and where it listens."""

    name: str
    pid: int
    port: int


@contextmanager
def running(command: Sequence[str], name: str, port: int, log: Path) -> Iterator[Proxy]:
    """Start a server, wait until it passes a call on, and end it."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_for_answer(process, port, log)
        yield Proxy(name, process.pid, port)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Poll until a call is answered whole."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/api/1k", headers={"Host": HOST})
            answer = connection.getresponse()
            if answer.status == 200 and len(answer.read()) == SIZES["1k"]:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"nothing is passed on at port {port}:\n{log.read_text()[-3000:]}")


def nginx(folder: Path, name: str, http_part: str) -> list[str]:
    """Write a configuration of one process and give the command that runs it."""
    place = folder / name
    place.mkdir()
    config = place / "nginx.conf"
    config.write_text(
        f"""daemon off; master_process off; worker_processes 1; pid {place}/nginx.pid;
error_log {place}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 75;
  client_body_temp_path {place}; proxy_temp_path {place}; fastcgi_temp_path {place};
  uwsgi_temp_path {place}; scgi_temp_path {place};
  {http_part}
}}
"""
    )
    return ["nginx", "-p", str(place), "-c", str(config)]


def upstream_command(folder: Path, port: int) -> list[str]:
    """The server that answers: files from disk."""
    files = folder / "files" / "api"
    files.mkdir(parents=True)
    for name, size in SIZES.items():
        (files / name).write_bytes(b"x" * size)
    with (files / "1g").open("wb") as sparse:
        sparse.truncate(GIGABYTE)
    return nginx(
        folder,
        "upstream",
        f"open_file_cache max=100; server {{ listen 127.0.0.1:{port}; root {files.parent}; }}",
    )


def nginx_command(folder: Path, port: int, upstream: int) -> list[str]:
    """nginx as a proxy, told the same about callers as ours tells."""
    return nginx(
        folder,
        "proxy",
        f"""upstream api {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port}; server_name {HOST};
    location /api/ {{
      proxy_pass http://api; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Via "1.1 nginx";
    }}
  }}""",
    )


def caddy_command(folder: Path, port: int, upstream: int) -> list[str]:
    """Caddy on one processor, as the others are one process; it sets X-Forwarded-* by itself."""
    config = folder / "Caddyfile"
    config.write_text(
        f"""{{
  admin off
  auto_https off
  log {{
    output discard
  }}
}}
http://:{port} {{
  reverse_proxy /api/* 127.0.0.1:{upstream} {{
    header_up Via "1.1 caddy"
    transport http {{
      keepalive_idle_conns_per_host 64
    }}
  }}
}}
"""
    )
    run = ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]
    return ["env", "GOMAXPROCS=1", f"XDG_DATA_HOME={folder}", f"XDG_CONFIG_HOME={folder}", *run]


def haproxy_command(folder: Path, port: int, upstream: int) -> list[str]:
    """HAProxy of one thread."""
    config = folder / "haproxy.cfg"
    config.write_text(
        f"""global
  nbthread 1
  maxconn 1024
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option forwardfor
  http-reuse always
frontend door
  bind 127.0.0.1:{port}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request add-header Via "1.1 haproxy"
  use_backend api if {{ path_beg /api/ }}
backend api
  server one 127.0.0.1:{upstream} pool-max-conn 64
"""
    )
    return ["haproxy", "-db", "-f", str(config)]


def site_command(folder: Path, port: int, upstream: int, slow: int) -> list[str]:
    """The real public site with three routes: to a server, one that never answers, one gone."""
    data = folder / "data"
    data.mkdir()
    migrate(f"sqlite:///{data / 'catalogue.db'}")
    settings = folder / "hopnhat.toml"
    settings.write_text(
        f"""data = "{data}"
[portal]
url = "http://127.0.0.1:8080"
hosts = ["{PORTAL_HOST}"]
[[site]]
name = "haiduong"
title = "Cổng Thông tin điện tử tỉnh Hải Dương"
host = "{HOST}"
[[route]]
name = "api"
host = "{HOST}"
path = "/api/*"
upstream = "http://127.0.0.1:{upstream}"
[[route]]
name = "slow"
host = "{HOST}"
path = "/slow/*"
upstream = "http://127.0.0.1:{slow}"
timeout = 60.0
[[route]]
name = "dead"
host = "{HOST}"
path = "/dead/*"
upstream = "http://127.0.0.1:1"
"""
    )
    return [sys.executable, "-m", "benchmarks.serve_site", str(settings), str(port)]
