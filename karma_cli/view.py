"""``karma sim view``: a contact sheet of a scene."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from karma_cli.errors import CliError
from sim.simulation import Simulation

__all__ = ["contact_sheet"]

_SIZE = 480
"""Side of one picture, pixels."""

_HEADINGS = ("ahead", "right", "behind", "left")


def contact_sheet(scene: str, out: Path | None, *, real_thor: bool) -> int:
    """Save the robot's four views and the scene from above as one picture; returns the exit code.

    Args:
        scene: Floor plan.
        out: PNG to write; SCENE.png in the working directory if None.
        real_thor: Use the Unity player.

    Raises:
        CliError: If the picture cannot be written.
        SimError: If the scene does not exist or the simulator does not start.
    """
    with Simulation.start(scene, width=_SIZE, height=_SIZE, real_thor=real_thor) as simulation:
        pictures = []
        simulation.step("LookDown", degrees=30)
        for heading in _HEADINGS:
            pictures.append((heading, np.asarray(simulation.event.frame)))
            simulation.step("RotateRight", degrees=90)
        above = _from_above(simulation)
        counts = _counts(simulation.event.metadata["objects"])
        path = out or Path(f"{simulation.scene}.png")
        _draw(simulation.scene, pictures, above, counts, path)
    print(path)
    return 0


def _from_above(simulation: Simulation) -> npt.NDArray[np.uint8] | None:
    """The scene from above; None where the simulator has no such camera."""
    event = simulation.step("GetMapViewCameraProperties")
    if not event.metadata["lastActionSuccess"]:
        return None
    event = simulation.step("AddThirdPartyCamera", **event.metadata["actionReturn"])
    frames = event.third_party_camera_frames
    return np.asarray(frames[-1])[..., :3] if frames else None


def _counts(objects: list[dict[str, Any]]) -> str:
    labels = [o["objectType"] for o in objects]
    return ", ".join(f"{label} ×{n}" if (n := labels.count(label)) > 1 else label for label in sorted(set(labels)))


def _draw(
    scene: str,
    pictures: list[tuple[str, npt.NDArray[np.uint8]]],
    above: npt.NDArray[np.uint8] | None,
    counts: str,
    path: Path,
) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import textwrap

    from matplotlib import pyplot as plt

    shown = [*pictures, *([("from above", above)] if above is not None else [])]
    columns = 3
    figure, axes = plt.subplots(math.ceil((len(shown) + 1) / columns), columns, figsize=(12, 8.4), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, (title, picture) in zip(axes.flat, shown, strict=False):
        axis.imshow(picture)
        axis.set_title(title, fontsize=10)
    axes.flat[len(shown)].text(0, 1, textwrap.fill(counts, 58), va="top", fontsize=8)
    figure.suptitle(scene, x=0.01, horizontalalignment="left", fontweight="bold")
    try:
        figure.savefig(path, dpi=100)
    except (OSError, ValueError) as error:
        raise CliError(f"cannot write {path}: {error}") from error
    finally:
        plt.close(figure)
