"""Search that understands Vietnamese, the same in front of every engine.

`analysis` turns text into tokens and is the only code that knows the language; `query` turns what
a visitor typed into a plan; `engine` says what an engine can do; `tantivy_engine` does it fast,
`whoosh_engine` in pure Python, and `engines` opens the one that is set; `highlight` cuts snippets
from the original text. An engine sees our tokens, never a visitor's words.
"""
