"""What a setting may be: origins, ports, names and hosts, checked as they are read."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
)

_ORIGIN = re.compile(r"https?://([^\s/?#@:\\\[\]]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?/?")


def read_origin(url: str) -> str:
    """Return an origin without a slash at its end. Raises ValueError for any other address."""
    if not _ORIGIN.fullmatch(url) or urlsplit(url).port == 0:  # which raises for no port, no IPv6
        raise ValueError("must be an origin such as https://haiphong.gov.vn, without a path")
    return url.rstrip("/")


Origin = Annotated[str, AfterValidator(read_origin)]
Port = Annotated[int, Field(ge=0, le=65535)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Host = Annotated[str, AfterValidator(str.lower), Field(pattern=r"^[A-Za-z0-9.-]+$")]

HostOrPattern = Annotated[str, AfterValidator(str.lower), Field(pattern=r"^(\*\.)?[A-Za-z0-9.-]+$")]
CmsName = Literal[
    "liferay", "sharepoint", "dnn", "joomla", "nukeviet", "drupal", "websphere", "webcenter",
    "typo3",
]  # fmt: skip


class Table(BaseModel):
    """A table of the settings file: no other keys than its own, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
