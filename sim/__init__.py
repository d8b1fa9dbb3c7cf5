"""AI2-THOR for the stack: the bridge to its Controller, and a headless simulator that speaks its protocol."""
