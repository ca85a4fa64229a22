"""Access logs of old servers, read line by line: which addresses visitors ask for, and how often.

`opening` unpacks, `lines` reads one line of each format, `sifting` drops noise by rules that are
data, `personal` hides codes of citizens' files, `reading` puts them together.
"""
