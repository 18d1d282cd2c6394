"""The one exception whose text is meant for the person in front of the screen."""


class RetakeError(Exception):
    """Something the user can understand and mend.

    The message is one or two plain sentences: what was expected, what was found, what to do.
    Programs print it without a traceback; the server sends it as `Failed`; the add-on reports it.
    """
