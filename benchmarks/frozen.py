"""What results are made of."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value, as it stands in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
