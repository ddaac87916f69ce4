"""The base class of results."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable value, with the fields of the result's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
