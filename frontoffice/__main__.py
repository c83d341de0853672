"""`python -m frontoffice` is the `frontoffice` command."""

from frontoffice.cli import main

main(prog_name="frontoffice")
