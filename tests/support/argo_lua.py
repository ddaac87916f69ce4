"""Runs the Lua of Argo CD's customizations as Argo CD does (its util/lua): the same language version, the same globals.

Argo CD's Lua is 5.1, without input or output and with ``time`` and ``date`` alone in ``os``.
"""

import json
from pathlib import Path
from typing import Any

import lupa.lua51

Json = Any

_FORBIDDEN = ("io", "dofile", "loadfile", "debug")
_SAFE_OS = "local safe = {time = os.time, date = os.date}; os = safe; package.loaded.os = safe"


def run(script: Path | str, resource: dict[str, Any]) -> Json:
    """Run a script with the global ``obj`` and give what it returns, as JSON; an empty table is an empty dict.

    Args:
        script: a file, or the text itself.
        resource: what ``obj`` is.
    """
    runtime = lupa.lua51.LuaRuntime(register_eval=False)
    for name in _FORBIDDEN:
        runtime.globals()[name] = None
    runtime.execute(_SAFE_OS)
    runtime.globals().obj = _to_lua(runtime, resource)
    text = script.read_text(encoding="utf-8") if isinstance(script, Path) else script
    return json.loads(json.dumps(_from_lua(runtime.execute(text))))


def _to_lua(runtime: Any, value: Json) -> Any:
    match value:
        case dict():
            return runtime.table_from({key: _to_lua(runtime, item) for key, item in value.items()})
        case list():
            return runtime.table_from([_to_lua(runtime, item) for item in value])
        case _:
            return value


def _from_lua(value: Any) -> Json:
    if lupa.lua51.lua_type(value) != "table":
        return value
    keys = list(value)
    if keys and all(isinstance(key, int) for key in keys):
        return [_from_lua(value[key]) for key in sorted(keys)]
    return {key: _from_lua(value[key]) for key in keys}
