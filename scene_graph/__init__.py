"""Long-term memory: a 3D scene graph of the home, built from what the camera sees."""
