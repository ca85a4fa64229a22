"""What a snapshot carries beside its mappings: sites, rules, routes, portal; written as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from redirects.mapping import MappingKind
from redirects.reviving import revive
from redirects.route import ApiRoute
from redirects.rule import Example, Rule, RulePlace
from redirects.site import KeyPolicy, PathPolicy, Portal, QueryPolicy, Site

FORMAT = "hopnhat-snapshot"
VERSION = 2


class ManifestError(ValueError):
    """A manifest this version cannot read; the message says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything of one revision that is small enough to live in memory.

    `exact` names the sites with mappings whose case counts. `id` is a digest of all mappings and
    of this manifest: what is compiled again has the same.
    """

    revision: int
    portal: Portal
    sites: tuple[Site, ...]
    rules: tuple[Rule, ...]
    routes: tuple[ApiRoute, ...]
    entries: int
    exact: tuple[str, ...] = ()
    id: str = ""


def write_manifest(manifest: Manifest) -> bytes:
    """Write a manifest, the same bytes for the same value."""
    document = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
    return _json(document).encode()


def plain(route: ApiRoute) -> str:
    """Write a route, the same text for the same value in every process."""
    return _json(asdict(route))


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else sorted(value)


def read_manifest(text: bytes) -> Manifest:
    """Read what `write_manifest` wrote.

    Raises:
        ManifestError: it is not ours, or of another version.
    """
    try:
        document = json.loads(text)
        found = (document.pop("format"), document.pop("version"))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ManifestError("not a snapshot of hopnhat") from error
    if found != (FORMAT, VERSION):
        raise ManifestError(f"format {found[0]} version {found[1]}, not {FORMAT} version {VERSION}")
    try:
        return _manifest(document)
    except (TypeError, KeyError, ValueError) as error:
        raise ManifestError(f"damaged manifest: {error}") from error


def _manifest(document: dict[str, Any]) -> Manifest:
    return Manifest(
        revision=document["revision"],
        portal=_portal(document["portal"]),
        sites=tuple(_site(item) for item in document["sites"]),
        rules=tuple(_rule(item) for item in document["rules"]),
        routes=tuple(revive(ApiRoute, item) for item in document["routes"]),
        entries=document["entries"],
        exact=tuple(document["exact"]),
        id=document["id"],
    )


def _portal(item: dict[str, Any]) -> Portal:
    return Portal(
        url=item["url"],
        hosts=tuple(item["hosts"]),
        allowed_targets=frozenset(item["allowed_targets"]),
        live=tuple(item["live"]),
    )


def _site(item: dict[str, Any]) -> Site:
    policies = (PathPolicy(one["prefix"], _key_policy(one["policy"])) for one in item["below"])
    return Site(
        **{
            **item,
            "aliases": tuple(item["aliases"]),
            "query": _query_policy(item["query"]),
            "index_files": frozenset(item["index_files"]),
            "below": tuple(policies),
        }
    )


def _key_policy(item: dict[str, Any]) -> KeyPolicy:
    return KeyPolicy(_query_policy(item["query"]), item["case"], frozenset(item["index_files"]))


def _query_policy(item: dict[str, Any]) -> QueryPolicy:
    return QueryPolicy(item["mode"], frozenset(item["names"]))


def _rule(item: dict[str, Any]) -> Rule:
    days = {
        name: date.fromisoformat(item[name]) if item[name] else None
        for name in ("valid_from", "valid_until", "review_on")
    }
    read = {
        "kind": MappingKind(item["kind"]),
        "place": RulePlace(item["place"]),
        "examples": tuple(Example(**one) for one in item["examples"]),
    }
    return Rule(**{**item, **read, **days})
