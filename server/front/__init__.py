"""The process that clients talk to: sockets, queue, care for the worker. Imports no torch."""
