"""The loop without any screen: everything that Loopwright does, and nothing that shows it."""

__version__ = "0.1.0"
