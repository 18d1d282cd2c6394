"""The process that computes: jobs in threads, one at a time on the device."""
