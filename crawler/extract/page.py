"""A page: what a capture says once read."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.extract.dates import FoundDate


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link inside the content: absolute address and the words it stands on."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one HTML capture says.

    `html` is the sanitised content fragment, `text` its blocks separated by blank lines, without
    title and furniture. `said` is all that is not furniture of the whole design: an error message
    stands on many pages of one kind. `links` are those of the content and of what follows it,
    `images` the pictures in it. `hidden` is text that readers never see. `refresh` is where the
    page sends its reader at once. `is_listing` means it only leads to others.
    """

    url: str
    title: str
    html: str
    text: str
    said: str = ""
    date: FoundDate | None = None
    breadcrumb: tuple[str, ...] = ()
    number: str | None = None
    agency: str | None = None
    links: tuple[PageLink, ...] = ()
    images: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    refresh: str | None = None
    is_listing: bool = False
    is_english: bool = False
    charset: str = "utf-8"
    repairs: tuple[str, ...] = ()
