#!/usr/bin/env bash
# What the tests need from Debian beside Python: a browser, PostgreSQL, the web servers that we are
# measured beside and that read what we export, and slowhttptest for a drill. Installs what is
# missing when it may, says what is missing when it may not. Nothing is started, no database cluster
# is made; run it as often as you like. Always exits 0: a test whose program is missing is skipped
# with that reason.
set -euo pipefail

found() {
    case "$1" in
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
        apache) command -v apache2 >/dev/null || [ -x /usr/sbin/apache2 ] ;;
        caddy) command -v caddy >/dev/null ;;
        haproxy) command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] ;;
        nginx) command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] ;;
        slowhttptest) command -v slowhttptest >/dev/null ;;
        postgresql) command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
    esac
}

packages_of() {
    case "$1" in
        chromium) echo chromium fonts-liberation ;; # without a font every page is empty boxes
        apache) echo apache2 ;;
        caddy) echo caddy ;;
        haproxy) echo haproxy ;;
        nginx) echo nginx-light ;;
        postgresql) echo postgresql ;;
        slowhttptest) echo slowhttptest ;;
    esac
}

skipped_without() {
    case "$1" in
        chromium) echo "the browser journeys (marked browser)" ;;
        nginx) echo "the comparison with nginx (benchmarks and its journeys)" ;;
        apache | caddy | haproxy) echo "the exported files in that server" ;;
        slowhttptest) echo "the drill with slow callers" ;;
        postgresql) echo "the PostgreSQL half of the engine suites" ;;
    esac
}

missing=()
for program in chromium nginx apache caddy haproxy postgresql slowhttptest; do
    found "$program" || missing+=("$program")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "test set-up: chromium, PostgreSQL, slowhttptest and four web servers are here"
    exit 0
fi

tell_missing() {
    for program in "${missing[@]}"; do
        if ! found "$program"; then
            echo "test set-up: no $program; skipped without it: $(skipped_without "$program")"
        fi
    done
}

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    tell_missing
    echo "test set-up: to install them, run $0 as root on Debian"
    exit 0
fi

# Debian starts a service when it is installed unless policy-rc.d says no (exit 101), and makes a
# database cluster unless createcluster says no. Both notes are taken away again afterwards.
policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.d/hopnhat-tests.conf
notes=()
clean_up() {
    [ ${#notes[@]} -eq 0 ] || rm -f "${notes[@]}"
}
trap clean_up EXIT
if [ ! -e "$policy" ]; then
    notes+=("$policy")
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
notes+=("$clusters")
mkdir -p "${clusters%/*}"
echo 'create_main_cluster = false' >"$clusters"

packages=()
for program in "${missing[@]}"; do
    read -r -a names <<<"$(packages_of "$program")"
    packages+=("${names[@]}")
done
echo "test set-up: installing ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -qq update && apt-get -qq -y --no-install-recommends install "${packages[@]}"; } >/dev/null; then
    echo "test set-up: the packages could not be installed"
fi
tell_missing
