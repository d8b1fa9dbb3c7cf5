"""The `karma` command: run instructions, evaluate memories, look at graphs and scenes."""
