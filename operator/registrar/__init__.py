"""The operator: registry entries as Kubernetes resources.

The way of the data is one-way: watch event -> ``handlers`` -> ``workqueue`` -> ``reconcile`` (typed resource ->
``resolve`` -> ``observe`` -> ``plan`` -> ``apply`` -> ``status``) -> at most one status patch. kopf ends in
``handlers``.
"""
