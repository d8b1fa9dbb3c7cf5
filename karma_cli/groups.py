"""A command group that runs its first argument's files when that is no command of its own."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

__all__ = ["DefaultGroup"]


class DefaultGroup(TyperGroup):
    """``karma eval suite.yaml`` is short for ``karma eval run suite.yaml``.

    A first argument that names neither a command nor the help is handed to `DEFAULT`.
    """

    DEFAULT = "run"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name before arguments that begin with no command's."""
        # Typer keeps its Context to itself, so that its type cannot be named here.
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.DEFAULT, *args]
        return super().parse_args(ctx, args)
