"""The exit codes of all commands, as docs/reference/cli.md lists them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. Where several apply, NOT_KNOWN beats ATTENTION, and that beats CHANGES."""

    DONE = 0
    """The command did what it was asked to do."""
    ATTENTION = 1
    """A person has to change something: an invalid manifest, an entry that cannot be exported, a refusal, a resource
    that is not ready."""
    CHANGES = 2
    """Only where an option asks for it: the command worked, and there are changes."""
    NOT_KNOWN = 3
    """The answer could not be found out: a server is away or refuses, or what it returned is incomplete."""
    USAGE = 64
    """The command line is wrong."""
    INTERRUPTED = 130
    """Ctrl-C ended the command."""
