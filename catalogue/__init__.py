"""What we know, kept: the database, the archive of captures, and the search index.

The crawler writes here, editors decide here, the gateway reads from here; none of them talk to
each other in any other way.
"""
