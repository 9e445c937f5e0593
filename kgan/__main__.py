"""`python -m kgan` is the `kgan` command."""

from kgan_cli import main

main()
