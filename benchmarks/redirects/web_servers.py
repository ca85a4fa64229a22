"""nginx, HAProxy, Caddy and Apache with one table of redirects, as their manuals advise.

Each gets the cheapest table it has: one thread or process that answers, kept connections, no
access log, and the plain path for a key (HAProxy the one that is sent, the others the decoded one).
The files `hopnhat export` writes do more for an address, and cost more; tests/journeys has those.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

from benchmarks.redirects.decisions import HOST, location_of, path_of


def program_of(name: str) -> str | None:
    """Find a program, also where only root's path leads."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


def nginx_command(program: str, folder: Path, port: int, count: int) -> list[str]:
    """One `map` of all decisions."""
    with (folder / "map.conf").open("w") as rows:
        rows.writelines(f'"{path_of(n)}" "{location_of(n)}";\n' for n in range(count))
    config = folder / "nginx.conf"
    config.write_text(
        f"""daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 75;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  map_hash_max_size 2097152; map_hash_bucket_size 512;
  map $uri $target {{ default ""; include {folder}/map.conf; }}
  server {{
    listen 127.0.0.1:{port}; server_name {HOST};
    location / {{ if ($target) {{ return 301 $target; }} return 404; }}
  }}
}}
"""
    )
    return [program, "-p", str(folder), "-c", str(config)]


def haproxy_command(program: str, folder: Path, port: int, count: int) -> list[str]:
    """One `map_str`, asked once a request."""
    with (folder / "redirects.map").open("w") as rows:
        rows.writelines(f"{quote(path_of(n))} {location_of(n)}\n" for n in range(count))
    config = folder / "haproxy.cfg"
    config.write_text(
        f"""global
    maxconn 512
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 75s
    timeout server 5s
frontend old
    bind 127.0.0.1:{port}
    http-request set-var(txn.target) path,map_str({folder}/redirects.map)
    http-request redirect location %[var(txn.target)] code 301 if {{ var(txn.target) -m found }}
    http-request return status 404
"""
    )
    return [program, "-db", "-f", str(config)]


def caddy_command(program: str, folder: Path, port: int, count: int) -> list[str]:
    """One `map`; Caddy reads it from the first row to the last at every request."""
    rows = "".join(f'            "{path_of(n)}" "{location_of(n)}"\n' for n in range(count))
    config = folder / "Caddyfile"
    config.write_text(
        f"""{{
    admin off
    auto_https off
}}
http://:{port} {{
    bind 127.0.0.1
    map {{path}} {{target}} {{
{rows}            default ""
    }}
    @decided expression `{{target}} != ""`
    redir @decided {{target}} 301
    respond 404
}}
"""
    )
    return [program, "run", "--config", str(config), "--adapter", "caddyfile"]


def apache_command(program: str, folder: Path, port: int, count: int) -> list[str] | None:
    """One `RewriteMap` in the binary form that Apache's own httxt2dbm makes of a text."""
    writer = program_of("httxt2dbm")
    modules = next(
        (path for path in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")
         if Path(path).is_dir()), None,
    )  # fmt: skip
    if writer is None or modules is None:
        return None
    with (folder / "redirects.txt").open("w") as rows:
        rows.writelines(f"{path_of(n)} {location_of(n)}\n" for n in range(count))
    subprocess.run(
        [writer, "-i", folder / "redirects.txt", "-o", folder / "redirects.dbm"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
    config = folder / "apache.conf"
    config.write_text(
        f"""ServerRoot {folder}
ServerName {HOST}
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
ThreadsPerChild 25
MaxRequestWorkers 25
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 75
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
    DocumentRoot {folder}/nothing
    RewriteEngine On
    RewriteMap redirects dbm:{folder}/redirects.dbm
    RewriteCond ${{redirects:%{{REQUEST_URI}}}} ^(.+)$
    RewriteRule ^ %1 [R=301,L,NE]
    RewriteRule ^ - [R=404,L]
</VirtualHost>
"""
    )
    return [program, "-d", str(folder), "-f", str(config), "-D", "FOREGROUND"]
