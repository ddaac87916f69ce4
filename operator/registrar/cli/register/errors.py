"""Why a version is not registered."""


class InvalidRegistrationError(ValueError):
    """What is declared for the version is not valid; nothing was written."""


class RegistrationError(Exception):
    """A person has to change something: the model is missing, or the version exists with other content."""


class NotReadyError(RegistrationError):
    """The resource is applied, but its entry is not in the registry as declared. The operator goes on."""
