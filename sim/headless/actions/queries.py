"""Questions about the scene that change nothing."""

from __future__ import annotations

from sim.headless.actions.registry import action
from sim.headless.session import Session


@action("GetObjectInFrame")
def get_object_in_frame(session: Session, *, x: float, y: float, check_visible: bool = False) -> str:
    """Id of the object at a place in the agent's frame."""
    obj = session.at_pixel(x, y)
    if check_visible:
        session.target(obj.object_id, None, None, False)
    return obj.object_id
