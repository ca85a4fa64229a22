"""The example of docs/units.md is run, and says what it says."""

from __future__ import annotations

import re
from pathlib import Path

MANUAL = Path(__file__).resolve().parents[3] / "docs" / "units.md"


def test_the_example_of_the_manual_answers_as_it_says() -> None:
    (block,) = re.findall(
        r"^```python\n(.*?)^```$", MANUAL.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    names: dict[str, object] = {}
    answers = {}
    for line in filter(None, block.splitlines()):
        code, _, comment = (part.strip() for part in line.partition("  #"))
        if re.match(r"(import|from|\w+ =)", code):
            exec(code, names)
        else:
            answers[comment] = eval(code, names)
    label, successors, named, current = answers.items()
    assert label[0] == label[1] == "Huyện Gia Lộc, tỉnh Hải Dương"
    codes = [heir.unit.code for heir in successors[1]]
    assert codes == re.findall(r"\d{5}", successors[0])
    assert named[1] == (names["old"],)
    assert [one.unit.code for one in current[1].counterparts] == codes
