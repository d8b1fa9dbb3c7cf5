"""What all nodes share of ROS 2: quality of service, managed life, parameters, and types ↔ messages.

It lies in the leaf package so that imports stay one-way; nothing outside the nodes imports it.
"""
