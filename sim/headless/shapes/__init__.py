"""What things look like: a mesh for every AI2-THOR object type and state.

`build_mesh` makes a body from a type, a box and an `Appearance`; `arrange` works out, once a scene, what surroundings
tell about looks: which way fronts face, and what is built into what.
"""

from sim.headless.shapes.appearance import Appearance
from sim.headless.shapes.arrangement import Arrangement, Fixture, Hint, Thing, arrange
from sim.headless.shapes.build import build_mesh, known_types
from sim.headless.shapes.mesh import Mesh, box, merge
from sim.headless.shapes.structure import slab

__all__ = [
    "Appearance",
    "Arrangement",
    "Fixture",
    "Hint",
    "Mesh",
    "Thing",
    "arrange",
    "box",
    "build_mesh",
    "known_types",
    "merge",
    "slab",
]
