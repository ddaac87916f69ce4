if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["model-registrar.dev/paused"] = "true"
return obj
