"""The pages that people look at: one for each student, one for the class, made from the gradebook alone."""

from grader.report.pages.make import Made, make_pages

__all__ = ["Made", "make_pages"]
