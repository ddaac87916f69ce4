local annotations = obj.metadata.annotations or {}
local value = annotations["model-registrar.dev/paused"] or ""
-- Argo CD gives actions no string library.
local running = { [""] = true, ["false"] = true, ["False"] = true, ["FALSE"] = true }
local paused = not running[value]

local actions = {}
actions["reconcile"] = {
  ["displayName"] = "Reconcile", ["iconClass"] = "fa fa-fw fa-sync", ["disabled"] = paused,
}
actions["pause"] = { ["displayName"] = "Pause", ["iconClass"] = "fa fa-fw fa-pause", ["disabled"] = paused }
actions["resume"] = { ["displayName"] = "Resume", ["iconClass"] = "fa fa-fw fa-play", ["disabled"] = not paused }
return actions
