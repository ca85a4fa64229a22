"""A rule's own examples: tried whenever it is saved, imported, checked or compiled."""

from __future__ import annotations

from redirects.canonical import canonical_query
from redirects.keys import key_maker
from redirects.mapping import MappingKind
from redirects.patterns import Patterns, expand
from redirects.rule import Example, Rule
from redirects.site import QueryPolicy, Site

NO_MATCH = "-"
_OUTCOMES = {
    MappingKind.GONE: "410",
    MappingKind.ARCHIVED: "archived",
    MappingKind.KEEP: "keep",
}
_EVERYTHING = QueryPolicy("significant", frozenset({"*"}))


class ExampleError(ValueError):
    """A rule does not do what its own example says; the message names example and outcome."""

    def __init__(self, rule: Rule, example: Example, found: str) -> None:
        super().__init__(
            f"rule {rule.name!r}: {example.address} gives {found}, not {example.expected}"
        )
        self.example = example
        self.found = found


def check_examples(rule: Rule, site: Site) -> None:
    """Try every example of a rule.

    Raises:
        ExampleError: naming the first that comes out otherwise.
        PatternError: the pattern cannot be used.
    """
    if not rule.examples:
        return
    patterns = Patterns([(rule.name, rule.pattern)])
    for example in rule.examples:
        found = outcome_of(rule, site, example.address, patterns)
        if found != example.expected.strip():
            raise ExampleError(rule, example, found)


def outcome_of(rule: Rule, site: Site, address: str, patterns: Patterns) -> str:
    """Say what a rule by itself makes of an address, in the words of an example."""
    path, _, query = _target_of(address).partition("?")
    key = key_maker(site).key(site.host.removeprefix("*."), path.encode(), query.encode())
    asked = key[key.index("/") :]
    if not patterns.matching(asked):
        return NO_MATCH
    outcome = _OUTCOMES.get(rule.kind)
    if outcome is not None:
        return outcome
    target = expand(rule.target or "", patterns.captures(0, asked))
    return with_query(target, rule, query)


def with_query(target: str, rule: Rule, visitors: str) -> str:
    """Put behind a target what a rule passes on of a visitor's query, and what it adds."""
    more = []
    if rule.query == "pass" and visitors:
        more.append(visitors)
    if rule.add:
        more.append(rule.add)
    return behind(target, "&".join(more))


def behind(target: str, query: str) -> str:
    """Put a query behind the target's own, ahead of its fragment."""
    if not query:
        return target
    address, mark, fragment = target.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{query}{mark}{fragment}"


def normal_addition(text: str) -> str:
    """Return the parameters a rule adds, escaped as a query has them."""
    return canonical_query(text.removeprefix("?").encode(), _EVERYTHING)


def read_example(text: str) -> Example:
    """Read "/address -> outcome"; without an arrow nothing is expected to match."""
    address, _, expected = text.partition("->")
    return Example(address.strip(), expected.strip() or NO_MATCH)


def _target_of(address: str) -> str:
    rest = address.strip()
    if "://" in rest[:12]:
        rest = rest.partition("://")[2]
        return rest[rest.find("/") :] if "/" in rest else "/"
    return rest if rest.startswith("/") else f"/{rest}"
