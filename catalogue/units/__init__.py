"""Administrative units: a unit is a code and a date.

`register` answers who a code was on a day, what became of it on 1 July 2025 and who bears a name;
`labels` writes a unit with the units above it. The data is `register.json.gz`, built by
`scripts/build_units.py`; NOTICE says where it comes from. No database: a few megabytes in memory.
"""
