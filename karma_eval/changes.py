"""Set-ups and what somebody else does meanwhile: a task's changes, applied to the simulator's ground truth."""

from __future__ import annotations

import random

from karma_eval.errors import TaskError
from karma_eval.tasks import Disturbance, Selector
from karma_eval.world import Binding, World, origin
from sim import disturb
from sim.errors import DisturbanceError
from sim.simulation import Simulation

__all__ = ["apply_change"]


def apply_change(
    simulation: Simulation, change: Disturbance, *, binding: Binding, rng: random.Random
) -> dict[str, str]:
    """Carry out one change; where several objects would do, the seeded generator chooses.

    Args:
        simulation: The scene.
        change: What to do.
        binding: Names of instances that are bound already.
        rng: Where choices come from.

    Returns:
        The binding, with the names that this change bound.

    Raises:
        TaskError: If it cannot be done in this scene, with the reasons.
    """
    world = World(simulation.event.metadata["objects"])
    if change.put is not None:
        subject, place = change.put
        places = [i for i in world.select(place, binding) if world.by_id[i]["receptacle"]]
        named = world.select(subject, binding)
        subjects = [i for i in named if not world.by_id[i]["isPickedUp"]]
        if named and not subjects:
            return dict(binding)  # nobody takes it out of the robot's hand
    else:
        assert change.state is not None
        subject, place, places = change.state[0], None, []
        subjects = world.select(subject, binding)
    if not subjects or (place is not None and not places):
        missing = subject if not subjects else place
        raise TaskError(
            f"cannot {change}: {simulation.scene} has no {missing} that could be; "
            f"it has {', '.join(sorted({o['objectType'] for o in world.by_id.values()}))}"
        )
    rng.shuffle(subjects)
    rng.shuffle(places)
    reasons: list[str] = []
    for chosen in subjects:
        try:
            if place is None:
                assert change.state is not None
                disturb.set_state(simulation, chosen, change.state[1])
                return _bound(binding, (subject, chosen))
            where = _put_somewhere(simulation, chosen, [p for p in places if p != chosen], reasons)
            if where is not None:
                return _bound(binding, (subject, chosen), (place, where))
        except DisturbanceError as error:
            reasons.append(str(error))
    raise TaskError(f"cannot {change} in {simulation.scene}: {'; '.join(dict.fromkeys(reasons))}")


def _put_somewhere(simulation: Simulation, chosen: str, places: list[str], reasons: list[str]) -> str | None:
    for where in places:
        try:
            disturb.put(simulation, chosen, where)
        except DisturbanceError as error:
            reasons.append(str(error))
        else:
            return where
    return None


def _bound(binding: Binding, *chosen: tuple[Selector, str]) -> dict[str, str]:
    return {**binding, **{s.name: origin(i) for s, i in chosen if s.name}}
