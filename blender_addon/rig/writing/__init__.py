"""Actions: keys on every frame, few key poses, NLA strips."""
