"""What things look like: a mesh for every AI2-THOR object type and state."""

from sim.headless.shapes.build import Appearance, build_mesh
from sim.headless.shapes.mesh import Mesh, box, merge

__all__ = ["Appearance", "Mesh", "box", "build_mesh", "merge"]
