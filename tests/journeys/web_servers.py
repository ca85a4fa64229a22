"""The web servers that can take over, really started with the exported files, and ended."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from redirects.formats.answers import Export

Ask = Callable[[str, bytes, str], tuple[int, str]]

_NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/hopnhat-maps.conf;
    server {{
        listen 127.0.0.1:{port} default_server;
        include {folder}/hopnhat-server.conf;
        location / {{ return 404; }}
    }}
}}
"""
_APACHE = """
ServerRoot {folder}
ServerName old.invalid
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
Mutex file:{folder}
ErrorLog {folder}/error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule rewrite_module {modules}/mod_rewrite.so
{user}
ServerLimit 1
StartServers 1
MaxRequestWorkers 25
Listen 127.0.0.1:{port}
LimitRequestLine 65536
AllowEncodedSlashes NoDecode
<VirtualHost *:{port}>
    DocumentRoot {folder}/nothing
    Include {folder}/conf/hopnhat.conf
</VirtualHost>
"""
_CADDY = """{{
    admin off
    auto_https off
}}
http://:{port} {{
    bind 127.0.0.1
    import {folder}/hopnhat.caddy
    respond 404
}}
"""
_HAPROXY = """
global
    maxconn 64
    tune.bufsize 32768
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend old
    bind 127.0.0.1:{port}
{lines}
    http-request return status 404
"""


def program_of(name: str) -> str:
    """Find a server's program; skips the test where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def serving(name: str, export: Export) -> Iterator[Ask]:
    """Start a server on the exported files; gives what asks it, byte for byte."""
    program = program_of({"apache": "apache2"}.get(name, name))
    # Apache's workers are another user: they may not look into pytest's own folder.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = _PREPARE[name](program, folder, port, export)
        home = {**os.environ, "XDG_DATA_HOME": made, "XDG_CONFIG_HOME": made}
        with (
            (folder / "output").open("wb") as output,
            subprocess.Popen(command, stdout=output, stderr=output, env=home) as server,
        ):
            try:
                _wait_for(port, server, folder / "output")
                yield lambda host, target, method="GET": ask(port, host, target, method)
            finally:
                server.terminate()
                server.wait(20)


def _nginx(program: str, folder: Path, port: int, export: Export) -> list[str]:
    _write(folder, export)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port))
    errors = str(folder / "error.log")
    return [program, "-e", errors, "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _apache(program: str, folder: Path, port: int, export: Export) -> list[str]:
    (folder / "conf").mkdir()
    _write(folder / "conf", export)
    modules = next(
        (path for path in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")
         if Path(path).is_dir()), None,
    )  # fmt: skip
    if modules is None:
        pytest.skip("Apache's modules are not where they are looked for")
    user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
    config = folder / "apache.conf"
    config.write_text(_APACHE.format(folder=folder, port=port, modules=modules, user=user))
    return [program, "-d", str(folder), "-f", str(config), "-D", "FOREGROUND"]


def _caddy(program: str, folder: Path, port: int, export: Export) -> list[str]:
    _write(folder, export)
    (folder / "Caddyfile").write_text(_CADDY.format(folder=folder, port=port))
    return [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def _haproxy(program: str, folder: Path, port: int, export: Export) -> list[str]:
    _write(folder, export)
    lines = export.files["hopnhat.cfg"].decode().replace("/etc/haproxy", str(folder))
    config = folder / "haproxy.cfg"
    config.write_text(_HAPROXY.format(port=port, lines=lines))
    return [program, "-db", "-f", str(config)]


_PREPARE = {"nginx": _nginx, "apache": _apache, "caddy": _caddy, "haproxy": _haproxy}
SERVERS = tuple(_PREPARE)


def _write(folder: Path, export: Export) -> None:
    for name, content in export.files.items():
        (folder / name).write_bytes(content)


def _wait_for(port: int, server: subprocess.Popen[bytes], output: Path) -> None:
    for _ in range(400):
        assert server.poll() is None, f"the exported files were not taken: {output.read_text()}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"the server did not listen within twenty seconds: {output.read_text()}")


def ask(port: int, host: str, target: bytes, method: str) -> tuple[int, str]:
    """Send a request line byte for byte; give back the status and the Location."""
    head = f"\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(method.encode() + b" " + target + b" HTTP/1.1" + head)
        answer = wire.makefile("rb").read().partition(b"\r\n\r\n")[0].decode().split("\r\n")
    locations = [line[10:] for line in answer if line.lower().startswith("location: ")]
    return int(answer[0].split()[1]), "".join(locations)
