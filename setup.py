"""The project's Python folders for pip; its metadata is in pyproject.toml."""

from setuptools import setup

setup()
