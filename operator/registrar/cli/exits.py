"""The exit codes of all commands, as docs/reference/cli.md lists them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. Where several apply, NOT_KNOWN beats ATTENTION, and that beats CHANGES."""

    DONE = 0
    """The command succeeded."""
    ATTENTION = 1
    """A person has to change something: an invalid manifest, an entry that cannot be exported, a refusal, a resource
    that is not ready."""
    CHANGES = 2
    """The command succeeded, and there are changes. Only used if an option requests it. `registrar verify` exits
    with it if the content of an artifact could not be determined."""
    NOT_KNOWN = 3
    """There is no complete answer: a server is unreachable or refuses, its response is incomplete, or a file cannot be
    read."""
    USAGE = 64
    """The command line is wrong."""
    INTERRUPTED = 130
    """Ctrl-C ended the command."""
    BROKEN_PIPE = 141
    """The reader of the output went away, as `head` does; other programs end with this code too."""
