"""An autograder for deep-learning homework in PyTorch whose scores cannot be forged."""

__version__ = "0.1.0"
