"""Shapes of things: the points that were seen of each, boxes that lie as the things do, and mesh files.

The graph's own boxes are axis-aligned, which is all that searching needs. Whoever wants to grasp or to show a thing
collects its points with `ObjectClouds`: bounded, since each thing keeps one point a voxel. An upright oriented box is
computed here; meshes and clouds are made and written by Open3D (pip install karma-memory[open3d]), which weighs 100 MB
and needs the system's libusb-1.0-0 and libgomp1, so that it is optional.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull, QhullError

from scene_graph.perception import Instance
from scene_graph.state import GraphState
from scene_graph.types import FloatArray, Point, SceneGraphError, View

__all__ = ["ObjectClouds", "OrientedBox", "SolidsError", "oriented_box", "save_cloud", "save_mesh"]


class SolidsError(SceneGraphError, RuntimeError):
    """Open3D is missing, or a shape cannot be made or written."""


@dataclass(frozen=True, slots=True)
class OrientedBox:
    """An upright box.

    Attributes:
        centre: Metres, map frame.
        size: Extents along its own axes, the longer horizontal one first, metres.
        yaw: Of its first axis about the map's z axis, radians in [-π/2, π/2).
    """

    centre: Point
    size: Point
    yaw: float


def oriented_box(points: npt.ArrayLike) -> OrientedBox:
    """The upright box of least floor area around points.

    Such a box has a side along one of the convex hull's (H. Freeman and R. Shapira, CACM 18(7), 1975).

    Args:
        points: (N, 3) metres, map frame, at least one.

    Raises:
        SolidsError: If there are no points, or one is not finite.
    """
    cloud = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    if not len(cloud) or not np.isfinite(cloud).all():
        raise SolidsError("an oriented box needs at least one point, and finite ones")
    flat = cloud[:, :2]
    try:
        hull = flat[ConvexHull(flat).vertices]
    except (QhullError, ValueError):  # fewer than three points, or all on a line
        spread = flat - flat.mean(axis=0)
        hull = np.stack([flat[0], flat[0] + np.linalg.svd(spread, full_matrices=False)[2][0]])
    sides = np.roll(hull, -1, axis=0) - hull
    angles = np.unique(np.round(np.arctan2(sides[:, 1], sides[:, 0]) % (np.pi / 2), 9))
    along = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    u, v = flat @ along.T, flat @ across.T
    best = int(np.argmin(np.ptp(u, axis=0) * np.ptp(v, axis=0)))
    width, depth = float(np.ptp(u[:, best])), float(np.ptp(v[:, best]))
    middle = (u[:, best].max() + u[:, best].min()) / 2 * along[best]
    middle = middle + (v[:, best].max() + v[:, best].min()) / 2 * across[best]
    yaw = float(angles[best])
    if depth > width:
        width, depth, yaw = depth, width, yaw - np.pi / 2
    low, high = float(cloud[:, 2].min()), float(cloud[:, 2].max())
    return OrientedBox((float(middle[0]), float(middle[1]), (low + high) / 2), (width, depth, high - low), yaw)


class ObjectClouds:
    """Points of the things of a graph, one a voxel, gathered frame by frame.

    Args:
        voxel: Side of a voxel, metres.
        most: Points kept of one thing at most; what comes beyond is dropped.
    """

    def __init__(self, *, voxel: float = 0.02, most: int = 20_000) -> None:
        if voxel <= 0 or most < 1:
            raise SolidsError(f"voxel and most must be positive, got {voxel} and {most}")
        self._voxel = voxel
        self._most = most
        self._clouds: dict[str, dict[tuple[int, ...], Point]] = {}

    def add(self, graph: GraphState, masks: npt.NDArray[Any], view: View, legend: Mapping[int, Instance]) -> None:
        """Add what a frame shows of the things that the graph joined it to: call it after the graph has observed it.

        Args:
            graph: The graph.
            masks: (H, W) number of the instance that each pixel shows, as for `perceive`.
            view: The frame.
            legend: What the numbers stand for; instances without the sensor's id are passed over.

        Raises:
            SolidsError: If masks and depth have different shapes.
        """
        if masks.shape != view.depth.shape:
            raise SolidsError(f"masks are {masks.shape}, depth is {view.depth.shape}: give both of one frame")
        hints = {thing.sensor_ids[-1]: key for key, thing in graph.things.items() if thing.sensor_ids}
        for number, instance in legend.items():
            key = hints.get(instance.object_id or "")
            if key is not None:
                shown = np.where(masks == number, view.depth, 0.0).astype(np.float32)
                self._put(key, View(view.pose, view.intrinsics, shown).points())

    def _put(self, key: str, points: FloatArray) -> None:
        cloud = self._clouds.setdefault(key, {})
        cells, first = np.unique(np.floor(points / self._voxel).astype(np.int64), axis=0, return_index=True)
        for cell, point in zip(map(tuple, cells.tolist()), points[first].tolist(), strict=True):
            if len(cloud) >= self._most:
                return
            cloud.setdefault(cell, (point[0], point[1], point[2]))

    def points(self, object_id: str) -> FloatArray:
        """(N, 3) points of a thing, metres, map frame; none for a thing that was not seen."""
        return np.array(list(self._clouds.get(object_id, {}).values()), dtype=np.float64).reshape(-1, 3)

    def keep_only(self, graph: GraphState) -> None:
        """Forget the points of things that the graph has no more, and hand on those of merged ones."""
        for key in [k for k in self._clouds if k not in graph.things]:
            cloud = self._clouds.pop(key)
            heir = graph.resolve(key)
            if heir is not None:
                self._clouds[heir.object_id] = {**cloud, **self._clouds.get(heir.object_id, {})}


def save_cloud(points: npt.ArrayLike, path: str | PathLike[str]) -> None:
    """Write points as a file that Open3D knows by its ending: ``.ply``, ``.pcd``, ``.xyz`` and others.

    Raises:
        SolidsError: If Open3D is missing or cannot write it.
    """
    library = _open3d()
    if not library.io.write_point_cloud(str(path), _cloud(library, points)):
        raise SolidsError(f"cannot write {path}: check the folder and the ending (.ply, .pcd, .xyz)")


def save_mesh(points: npt.ArrayLike, path: str | PathLike[str]) -> None:
    """Write the convex hull of points as a triangle mesh, its format by the ending: ``.ply``, ``.obj``, ``.stl``, ….

    Raises:
        SolidsError: If Open3D is missing, the points span no volume, or it cannot write it.
    """
    library = _open3d()
    try:
        mesh, _ = _cloud(library, points).compute_convex_hull()
    except RuntimeError as error:
        raise SolidsError(f"these points span no volume: {error}") from error
    mesh.compute_vertex_normals()
    if not library.io.write_triangle_mesh(str(path), mesh):
        raise SolidsError(f"cannot write {path}: check the folder and the ending (.ply, .obj, .stl)")


def _cloud(library: Any, points: npt.ArrayLike) -> Any:
    return library.geometry.PointCloud(library.utility.Vector3dVector(np.asarray(points, dtype=np.float64)))


def _open3d() -> Any:
    try:
        return importlib.import_module("open3d")
    except (ImportError, OSError) as error:  # OSError: a system library that it needs is missing
        raise SolidsError(
            f"Open3D cannot be used ({error}): pip install open3d-cpu, and apt-get install libusb-1.0-0 libgomp1"
        ) from error
