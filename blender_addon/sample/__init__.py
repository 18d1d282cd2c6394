"""*Try the Sample*: from a fresh install to a moving character, without a server."""
