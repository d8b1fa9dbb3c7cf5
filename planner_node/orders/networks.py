"""The order reader's networks in torch, for training; `reader` runs the same in numpy."""

# torch is installed for training only, so where types are checked its classes are unknown.
# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Sequence

import torch  # type: ignore[import-not-found]
from torch import Tensor, nn
from torch.nn import functional  # type: ignore[import-not-found]

from planner_node.learned.networks import DROPOUT, WIDTH
from planner_node.orders.corpus import SKILLS

__all__ = ["OrderHeads"]

LINK = 128
"""Width in which things and places are compared."""


class OrderHeads(nn.Module):
    """Reads spans, skills and links off word pieces' states.

    ``things`` and ``places`` mark each piece as outside, first or inside of a span. ``skills`` tells of a thing, in its
    sentence, what is to be done with it. ``thing_link`` and ``place_link`` compare a thing that a skill is done to with
    each place, and with none (``nowhere``). ``turned`` tells whether two orders are to be done in the other order.
    ``kinds`` tells of a phrase which class of things it means.

    Args:
        kinds: How many classes there are.
    """

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.drop = nn.Dropout(DROPOUT)
        self.things = nn.Linear(WIDTH, 3)
        self.places = nn.Linear(WIDTH, 3)
        self.unsaid = nn.Parameter(torch.randn(WIDTH) * 0.05)
        self.inner = nn.Linear(4 * WIDTH, WIDTH)
        self.skills = nn.Linear(WIDTH, len(SKILLS))
        self.skill_link = nn.Parameter(torch.randn(len(SKILLS), LINK) * 0.05)
        self.thing_link = nn.Linear(WIDTH, LINK)
        self.place_link = nn.Linear(WIDTH, LINK)
        self.nowhere = nn.Parameter(torch.zeros(len(SKILLS)))
        self.distance = nn.Parameter(torch.zeros(2))
        self.turned = nn.Linear(2 * WIDTH, 1)
        self.kinds = nn.Linear(WIDTH, kinds)

    def marks(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """``(batch, pieces, width)`` to the logits of things and of places, ``(batch, pieces, 3)`` each."""
        dropped = self.drop(states)
        return self.things(dropped), self.places(dropped)

    def doings(self, states: Tensor, spans: Sequence[slice | None]) -> Tensor:
        """Logits of the skills asked of each thing of one text, ``(things, skills)``.

        Args:
            states: ``(pieces, width)`` of the text, without padding.
            spans: Pieces of each thing; None for one that is not said.
        """
        whole = torch.cat([states[0], states.mean(0)])
        rows = [
            torch.cat([whole, self.unsaid, self.unsaid])
            if span is None
            else torch.cat([whole, states[span].mean(0), states[span.start - 1]])
            for span in spans
        ]
        result: Tensor = self.skills(self.drop(functional.gelu(self.inner(self.drop(torch.stack(rows))))))
        return result

    def links(self, states: Tensor, thing: slice | None, skill: int, places: Sequence[slice]) -> Tensor:
        """Logits of which place belongs to a skill done to a thing: each of them, then none, ``(places + 1,)``."""
        own = self.unsaid if thing is None else states[thing].mean(0)
        query = self.thing_link(self.drop(own)) + self.skill_link[skill]
        scores = []
        for place in places:
            score = (self.place_link(self.drop(states[place].mean(0))) * query).sum() / LINK**0.5
            gap = 0 if thing is None else place.start - thing.start
            scores.append(score + self.distance[int(gap < 0)] * abs(gap) / 10)
        return torch.stack([*scores, self.nowhere[skill]])

    def turning(self, states: Tensor) -> Tensor:
        """Logit of whether the orders of one text, ``(pieces, width)``, are to be done last one first."""
        result: Tensor = self.turned(torch.cat([states[0], states.mean(0)]))[0]
        return result

    def meant(self, states: Tensor, mask: Tensor) -> Tensor:
        """``(batch, pieces, width)`` of phrases to the logits of the classes they mean, ``(batch, kinds)``."""
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        result: Tensor = self.kinds(self.drop(mean))
        return result
