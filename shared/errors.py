"""The exceptions whose text is meant for the person in front of the screen."""


class RetakeError(Exception):
    """Something the user can understand and mend.

    The message is one or two plain sentences: what was expected, what was found, what to do.
    Programs print it without a traceback; the server sends it as `Failed`; the add-on reports it.
    """


class FieldError(RetakeError):
    """An input that does not fit. `field` is its name for programs, the text one for people."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
