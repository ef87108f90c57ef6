"""A batch on the nodes of a Ray cluster: what a node is asked, what travels to it, and the driver's hold on all."""

from grader.batch.remote.fleet import Fleet

__all__ = ["Fleet"]
