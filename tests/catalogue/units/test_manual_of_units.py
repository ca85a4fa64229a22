"""The examples of docs/units.md are run, and say what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

MANUAL = Path(__file__).resolve().parents[3] / "docs" / "units.md"


Answers = dict[str, Any]


def ask(block: str, names: dict[str, object]) -> Answers:
    """Run an example line by line; what its lines say they answer, and what they do."""
    answers: Answers = {}
    for line in filter(None, block.splitlines()):
        code, _, comment = (part.strip() for part in line.partition("  #"))
        if re.match(r"(import|from|\w+ =)", code):
            exec(code, names)
        else:
            answers[comment] = eval(code, names)
    return answers


def test_the_examples_of_the_manual_answer_as_they_say() -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```$", MANUAL.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    names: dict[str, object] = {}
    of_units, of_hosts = (ask(block, names) for block in blocks)
    label, successors, named, current = of_units.items()
    assert label[0] == label[1] == "Huyện Gia Lộc, tỉnh Hải Dương"
    codes = [heir.unit.code for heir in successors[1]]
    assert codes == re.findall(r"\d{5}", successors[0])
    assert named[1] == (names["old"],)
    assert [one.unit.code for one in current[1].counterparts] == codes
    unit, heirs = of_hosts.items()
    assert unit[0] == unit[1]
    assert heirs[0] == ", ".join(one.unit.name for one in heirs[1].counterparts)
