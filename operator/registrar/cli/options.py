"""Options made from the fields of a settings model: name, type, default, help and environment variable."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import click
from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from registrar.api.v1alpha1.texts import is_subdomain
from registrar.api.wording import worded
from registrar.settings import LABEL

Command = TypeVar("Command", bound=Callable[..., Any])
ModelT = TypeVar("ModelT", bound=BaseModel)

ENVIRONMENT_PREFIX = "REGISTRAR"
PLURALS = {"namespaces": "namespace"}
"""Options that are repeated, by the field that collects their values."""

DEFAULT_TIMEOUT, DEFAULT_SECONDS = "5m", 300.0
"""How long commands wait for resources, as the help says it and in seconds."""
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


class GroupedCommand(click.Command):
    """A command that lists its options in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options to the help, each group under its name."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                groups.setdefault(getattr(parameter, "group", "Other"), []).append(record)
        for name, records in groups.items():
            with formatter.section(name):
                formatter.write_dl(records)


class _GroupedOption(click.Option):
    def __init__(self, *args: Any, group: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


@dataclass(frozen=True, slots=True)
class Side:
    """One of two registries: ``registry_token`` is the option ``--from-token`` of the side ``from``.

    Attributes:
        name: what its options begin with.
        group: the group of its options in the help.
    """

    name: str
    group: str

    def option_of(self, field: str) -> str:
        """Return the name of the option that sets a field."""
        return self.name if field == "registry_url" else field.replace("registry", self.name, 1)


def side_option(side: Side, metavar: str, text: str) -> Callable[[Command], Command]:
    """Return a decorator that gives a command the option of a side's address, such as ``--from``."""
    return click.option(
        flag_of(side.name),
        side.name,
        cls=_GroupedOption,
        group=side.group,
        metavar=metavar,
        help=text,
        required=True,
        show_envvar=True,
    )


option = partial(click.option, allow_from_autoenv=False)
"""An option of one command, which no environment variable sets: those are the settings'."""


def valid_namespace(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return the value of an option that is a namespace, as click's callback."""
    if value is not None and not LABEL.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not a valid namespace")
    return value


def valid_namespaces(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of an option that is repeated and names namespaces, as click's callback."""
    for value in values:
        valid_namespace(context, parameter, value)
    return values


def _valid_registry(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_subdomain(value):
        raise click.BadParameter(f"{value!r} is not the metadata.name of a ClusterRegistry")
    return value


def registry_ref_option(text: str) -> Callable[[Command], Command]:
    """Return a decorator that gives a command ``--registry-ref``, the name of a ClusterRegistry."""
    return option("--registry-ref", metavar="NAME", callback=_valid_registry, help=text)


def seconds(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """Return the seconds of an option that is a duration, as click's callback; a unit may follow, as with kubectl."""
    if value is None:
        return None
    parts = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", value)
    if parts is None:
        raise click.BadParameter(f"{value!r} is no duration: write 90s, 5m or 1h.")
    return float(parts[1]) * _SECONDS[parts[2]]


def login_options(command: Command) -> Command:
    """Decorate a command that logs in to a cluster: ``--context`` and ``--kubeconfig``."""
    kubeconfig = click.option(
        "--kubeconfig",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Kubeconfig file to log in with. Defaults to KUBECONFIG, then ~/.kube/config, then the pod's account.",
    )
    return click.option("--context", help="Context of the kubeconfig.")(kubeconfig(command))


def flag_of(field: str) -> str:
    """Return the option that sets a field, such as ``--registry-url``."""
    return "--" + PLURALS.get(field, field).replace("_", "-")


def environment_variable(field: str) -> str:
    """Return the environment variable that sets a field, such as ``REGISTRAR_REGISTRY_URL``."""
    return f"{ENVIRONMENT_PREFIX}_{field.upper()}"


def group_of(info: FieldInfo) -> str:
    """Return the group that a field belongs to."""
    extra = info.json_schema_extra
    return str(extra["group"]) if isinstance(extra, dict) else "Other"


def default_of(info: FieldInfo) -> str:
    """Return the default of a field as a user writes it; empty for a field that is required, absent or off."""
    if info.is_required() or info.default in {None, False, ()}:
        return ""
    return f"{info.default:g}" if isinstance(info.default, float) else str(info.default)


def options_of(
    model: type[BaseModel], *, required: bool = True, side: Side | None = None
) -> Callable[[Command], Command]:
    """Return a decorator that gives a command one option for each field of a model; absent ones are None.

    Args:
        model: the model. A command that needs some of the operator's settings takes one of the models that
            `registrar.settings.Settings` consists of, or several.
        required: whether the model's required fields are required options.
        side: the registry that the options are about; the command declares the option of its address itself.
    """

    def decorate(command: Command) -> Command:
        for field, info in reversed(model.model_fields.items()):
            name = field if side is None else side.option_of(field)
            if side is not None and name == side.name:
                continue
            command = click.option(
                flag_of(name),
                name,
                cls=_GroupedOption,
                group=group_of(info) if side is None else side.group,
                help=_help(info),
                required=required and info.is_required(),
                show_envvar=True,
                **type_of(info.annotation),
            )(command)
        return command

    return decorate


def parse(model: type[ModelT], options: Mapping[str, Any], side: Side | None = None) -> ModelT:
    """Return the model that a command's options describe; options that are not its fields are passed over.

    Args:
        model: the model.
        options: the options by name.
        side: the registry that the options are about, as in `options_of`.

    Raises:
        click.UsageError: an option is wrong; the message says which, and why.
    """
    names = {field: field if side is None else side.option_of(field) for field in model.model_fields}
    given = {field: options[name] for field, name in names.items() if options.get(name) not in {None, ()}}
    try:
        return model(**given)
    except ValidationError as error:
        raise click.UsageError(_explain(error, names)) from None


def _explain(error: ValidationError, names: Mapping[str, str]) -> str:
    problems = []
    for problem in error.errors(include_url=False):
        message = worded(problem)
        problems.append(f"{flag_of(names[str(problem['loc'][0])])}: {message}" if problem["loc"] else message)
    return "; ".join(problems)


def range_of(info: FieldInfo) -> str:
    """Return the range of a number, such as ``1 to 64``; empty for a field without an upper limit."""
    inner = [argument.__metadata__ for argument in get_args(info.annotation) if get_origin(argument) is Annotated]
    constraints = [
        *info.metadata,
        *(one for fields in inner for field in fields for one in getattr(field, "metadata", ())),
    ]
    lowest = next((one.ge for one in constraints if isinstance(one, Ge)), None)
    above = next((one.gt for one in constraints if isinstance(one, Gt)), None)
    highest = next((one.le for one in constraints if isinstance(one, Le)), None)
    if highest is None:
        return ""
    return f"above {above} up to {highest}" if lowest is None else f"{lowest} to {highest}"


def _help(info: FieldInfo) -> str:
    text = " ".join((info.description or "").split())
    notes = [f"{name}: {note}" for name, note in (("default", default_of(info)), ("range", range_of(info))) if note]
    return f"{text}  [{'; '.join(notes)}]" if notes else text


def type_of(annotation: Any) -> dict[str, Any]:
    """Return click's keywords for the type of a field, such as ``{"type": click.Choice(…)}``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        return type_of(next(argument for argument in arguments if argument is not types.NoneType))
    if origin is tuple:
        return {"multiple": True}
    if origin is Literal:
        return {"type": click.Choice(arguments)}
    if annotation is bool:
        return {"is_flag": True, "default": None}
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return {"type": click.Choice([member.value for member in annotation])}
    # Annotated[float, …] inside of a union.
    plain = arguments[0] if arguments else annotation
    known: dict[Any, Any] = {Path: click.Path(path_type=Path), SecretStr: str}
    return {"type": known.get(plain, plain)}
