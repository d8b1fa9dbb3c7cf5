"""From a person's words to verified skill calls, carried out in a closed loop."""
