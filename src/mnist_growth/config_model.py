"""The base class of every group of parameters."""

from pydantic import BaseModel, ConfigDict


class ConfigModel(BaseModel):
    """A group of parameters: frozen, without unknown names, and without conversions that hide a mistake.

    Defaults, units and meanings of the fields are in ``conf/base``, allowed values in the models.

    Strict types refuse `true` and `"3"` where a number is expected; an integer is accepted where a float is. A tuple
    field needs `Field(strict=False)`, because YAML and JSON have lists only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
