"""The verb that searches as a visitor would: search."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from catalogue.search.engine import Hit
from catalogue.search.query import Query
from gateway.cli.output import out, print_json
from gateway.cli.workplace import Workplace


def add_to(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(search)


def search(
    context: typer.Context,
    query: str,
    *,
    site: Annotated[str | None, typer.Option(help="Only documents of this old portal.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Search the published documents, with or without diacritics."""
    place: Workplace = context.obj
    with place.search_engine() as engine:
        found = engine.search(Query(text=query, site=site, limit=limit))
    if json:
        hits = [{"title": hit.title, "url": hit.url, "score": hit.score} for hit in found.hits]
        print_json({"query": query, "total": found.total, "hits": hits})
    else:
        out.print(f"{found.total} found")
        for number, hit in enumerate(found.hits, start=1):
            _print_hit(number, hit)
    if not found.total:
        raise typer.Exit(1)


def _print_hit(number: int, hit: Hit) -> None:
    out.print(f"{number}. {hit.title}", style="bold", markup=False)
    out.print(f"   {hit.url}", style="cyan", markup=False)
    snippet = Text("   ")
    for segment in hit.snippet:
        snippet.append(segment.text, style="bold yellow" if segment.is_match else "")
    out.print(snippet)
