"""Short-term memory: a bounded cache of object states, its store, and recall over both memories."""
