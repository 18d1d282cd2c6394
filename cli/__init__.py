"""The program `retake`: one small module per command, each importing its part only when it runs."""
