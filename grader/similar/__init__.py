"""Suspiciously alike submissions: a lead for a person to look at, never a verdict.

Winnowing (Schleimer, Wilkerson, Aiken, "Winnowing: Local Algorithms for Document Fingerprinting", SIGMOD 2003) over
tokens in which the names that a student chose don't count, with each fingerprint weighted by how few submissions have
it: the contract makes honest solutions alike, so what many have says nothing.
"""
