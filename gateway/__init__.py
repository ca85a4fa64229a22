"""Everything a visitor, an editor, an operator or another system touches; the one command.

Read `gateway.app` first: it shows every outcome of a request, in order.
"""
