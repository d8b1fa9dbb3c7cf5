"""Long-term memory: a 3D scene graph of the home, built from what the camera sees."""

from typing import TYPE_CHECKING, Any

from scene_graph.ontology import ClassInfo, Ontology, ontology
from scene_graph.search import SearchPlace
from scene_graph.types import (
    Change,
    ChangeKind,
    InvalidObservationError,
    ObjectState,
    Observation,
    SceneGraphError,
    View,
)

if TYPE_CHECKING:
    from scene_graph.graph import ReadOnlyError, SceneGraph

__all__ = [
    "Change",
    "ChangeKind",
    "ClassInfo",
    "InvalidObservationError",
    "ObjectState",
    "Observation",
    "Ontology",
    "ReadOnlyError",
    "SceneGraph",
    "SceneGraphError",
    "SearchPlace",
    "View",
    "ontology",
]


def __getattr__(name: str) -> Any:
    """Import the graph on first use: scipy and networkx take most of a second, and many need only the types."""
    if name in ("ReadOnlyError", "SceneGraph"):
        from scene_graph import graph

        return getattr(graph, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
