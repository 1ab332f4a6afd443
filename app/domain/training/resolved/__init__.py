"""The `resolved` part of a config: everything a training derived from it, built and compared."""
