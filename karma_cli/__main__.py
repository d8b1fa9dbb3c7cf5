"""``python -m karma_cli`` is ``karma``."""

from karma_cli.main import app

app()
