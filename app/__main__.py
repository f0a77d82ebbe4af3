"""`python -m app` is `motcua`."""

from app.cli import main

main()
