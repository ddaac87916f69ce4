local annotations = obj.metadata.annotations or {}
local paused = annotations["model-registrar.dev/paused"] == "true"

local actions = {}
actions["reconcile"] = {
  ["displayName"] = "Reconcile", ["iconClass"] = "fa fa-fw fa-sync", ["disabled"] = paused,
}
actions["pause"] = { ["displayName"] = "Pause", ["iconClass"] = "fa fa-fw fa-pause", ["disabled"] = paused }
actions["resume"] = { ["displayName"] = "Resume", ["iconClass"] = "fa fa-fw fa-play", ["disabled"] = not paused }
return actions
