"""Ctrl-C that comes while compiled code runs.

Python tells a compiled function of it by an exception that the function does not look at, and then complains with a
SystemError that "returned a result with an exception set". Taken for an error of the model, a stop would be kept as a
failure.
"""


def is_interrupt(error: BaseException) -> bool:
    """Whether an error is Ctrl-C, or came of it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt):
            return True
        seen = seen.__cause__ or seen.__context__ if isinstance(seen, SystemError) else None
    return False


def raise_interrupt(error: BaseException) -> None:
    """Go on with a stop where an error came of Ctrl-C; for those who catch every error of somebody else's code.

    Raises
    ------
    KeyboardInterrupt
    """
    if is_interrupt(error):
        raise KeyboardInterrupt from error
