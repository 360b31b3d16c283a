"""Telling people: screens, mails, files, and the commands that run everything."""


def is_ours(error: BaseException) -> bool:
    """Whether an error is one of our own: these say what happened, where and what to do, in a sentence for people."""
    return type(error).__module__.startswith(("collector.", "sentiment.", "dashboard."))
