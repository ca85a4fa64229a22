"""Reading a frozen value back from JSON by its type: a field added to it needs no code here."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

_Value = TypeVar("_Value")


def revive(kind: type[_Value], item: dict[str, Any]) -> _Value:
    """Make a dataclass of what `dataclasses.asdict` and JSON made of it.

    Its fields may be plain values, days, other dataclasses, tuples and frozen sets of them, or
    None. Raises TypeError, KeyError or ValueError for what is none of this.
    """
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # a dataclass, by contract
    if unknown := item.keys() - set(names):
        raise KeyError(*sorted(unknown))
    return kind(**{name: _of_type(hints[name], item[name]) for name in names})


def _of_type(hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (one for one in get_args(hint) if one is not types.NoneType)
        return None if value is None else _of_type(hint, value)
    if get_origin(hint) in (tuple, frozenset):
        return get_origin(hint)(_of_type(get_args(hint)[0], one) for one in value)
    if is_dataclass(hint):
        return revive(hint, value)  # type: ignore[arg-type]  # a class of dataclasses, not one of them
    return date.fromisoformat(value) if hint is date else value
