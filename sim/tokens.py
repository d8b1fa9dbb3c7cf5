"""Opaque object ids: what leaves the bridge instead of AI2-THOR's ids, which hold an object's spawn position."""

from __future__ import annotations

from collections.abc import Container, Iterable

__all__ = ["TokenTable"]


class TokenTable:
    """Maps simulator ids to tokens, valid for the newest frame only.

    Args:
        reissue: Give every object a new token in every frame, so that identity must be earned by association. When
            False an object keeps the token under which it was first seen, as a good tracker would have it.
    """

    def __init__(self, *, reissue: bool = True) -> None:
        self._reissue = reissue
        self._lasting: dict[str, str] = {}
        self._count = 0
        self._current: dict[str, str] = {}
        self._ever: dict[str, str] = {}

    def issue(self, seq: int, simulator_ids: Iterable[str], *, renewed: Container[int] = ()) -> dict[str, str]:
        """Issue the tokens of a frame and void those of the frame before.

        Args:
            seq: The frame's number.
            simulator_ids: Objects visible in it, in an order that the image alone decides, since it shows in tokens.
            renewed: Places in that order of objects whose lasting tokens are lost, as a tracker loses them.

        Returns:
            Simulator id → token.
        """
        tokens: dict[str, str] = {}
        for index, simulator_id in enumerate(simulator_ids):
            if self._reissue:
                tokens[simulator_id] = f"{seq}.{index}"
            else:
                if simulator_id not in self._lasting or index in renewed:
                    self._lasting[simulator_id] = f"t{self._count}"
                    self._count += 1
                tokens[simulator_id] = self._lasting[simulator_id]
        self._current = {token: simulator_id for simulator_id, token in tokens.items()}
        self._ever.update(self._current)
        return tokens

    def resolve(self, token: str | None) -> str | None:
        """The simulator's id behind a token of the newest frame; None for any other."""
        return None if token is None else self._current.get(token)

    def reveal(self, token: str | None) -> str | None:
        """The simulator's id behind any token ever issued: for the judge, who asks what memory meant."""
        return None if token is None else self._ever.get(token)

    @property
    def current(self) -> tuple[str, ...]:
        """Simulator ids of what the newest frame shows, in the order of issue."""
        return tuple(self._current.values())

    @property
    def shown(self) -> frozenset[str]:
        """Simulator ids of everything that was ever shown: for tests of what the robot could know."""
        return frozenset(self._ever.values())

    def clear(self) -> None:
        """Forget all tokens, as after a reset."""
        self._lasting.clear()
        self._count = 0
        self._current.clear()
        self._ever.clear()
