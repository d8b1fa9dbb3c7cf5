"""What the client sets with Initialize and ChangeResolution."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass
class Settings:
    """How the agent moves and sees; names follow AI2-THOR's Initialize.

    Attributes:
        width: Pixels.
        height: Pixels.
        grid_size: Metres of a step.
        snap_to_grid: Whether steps end on the grid.
        rotate_step: Degrees of a turn.
        visibility_distance: Radius of the cylinder of what is visible, metres.
        fov: Vertical field of view, degrees.
        lowest_look: Pitch of the camera at most, degrees; positive looks down.
        highest_look: Pitch at least.
        paused: Whether the client said that time passes on demand only.
        render_depth: Send depth frames.
        render_instances: Send frames of instance numbers.
        render_classes: Send frames of classes.
        render_image: Send colour frames.
    """

    width: int = 300
    height: int = 300
    grid_size: float = 0.25
    snap_to_grid: bool = True
    rotate_step: float = 90.0
    visibility_distance: float = 1.5
    fov: float = 90.0
    lowest_look: float = 60.0
    highest_look: float = -30.0
    paused: bool = False
    render_depth: bool = False
    render_instances: bool = False
    render_classes: bool = False
    render_image: bool = True
