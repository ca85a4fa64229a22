"""`python -m gateway.cli`: the command where no script is on the path."""

from gateway.cli.main import main

main()
