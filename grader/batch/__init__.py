"""A whole class: what has to run, the processes that run it, and what is kept of it."""

from grader.batch.records import Decision, Order, Plan, Summary, Watcher
from grader.batch.run import grade_class, plan_only

__all__ = ["Decision", "Order", "Plan", "Summary", "Watcher", "grade_class", "plan_only"]
