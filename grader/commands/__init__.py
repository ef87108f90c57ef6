"""The commands by topic: plain functions that `grader.cli` registers."""
