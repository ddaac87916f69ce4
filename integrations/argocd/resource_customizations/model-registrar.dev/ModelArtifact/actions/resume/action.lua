if obj.metadata.annotations ~= nil then
  obj.metadata.annotations["model-registrar.dev/paused"] = nil
end
return obj
