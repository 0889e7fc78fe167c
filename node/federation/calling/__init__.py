"""Calling members and services: addresses, connections, HTTP, retries, circuits, and what a query may use."""
