"""What a workload may hold, and the defaults that the API server fills in.

Unknown fields are dropped with a warning, wrong types refused, quantities made canonical. The part of the API's schema
that pods and workloads need, not all of it.
"""

from collections.abc import Callable
from typing import Any

from bot.sandbox.cluster_quantity import SYNTAX, canonical

ANY, TEXT, WHOLE, TEXTS, AMOUNTS = "any", "string", "int32", "map of strings", "map of quantities"


def _free(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), ANY)


_META = {
    "labels": TEXTS,
    "annotations": TEXTS,
    "name": TEXT,
    "namespace": TEXT,
    "generateName": TEXT,
    **_free(
        "uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds"
        " ownerReferences finalizers managedFields selfLink"
    ),
}
_ENV = [{"name": TEXT, "value": TEXT, "valueFrom": ANY}]
_CONTAINER = {
    "name": TEXT,
    "image": TEXT,
    "imagePullPolicy": TEXT,
    "env": _ENV,
    "resources": {"limits": AMOUNTS, "requests": AMOUNTS, "claims": ANY},
    **_free(
        "args command envFrom lifecycle livenessProbe ports readinessProbe resizePolicy restartPolicy"
        " restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath"
        " terminationMessagePolicy tty volumeDevices volumeMounts workingDir targetContainerName"
    ),
}
_POD_SPEC = {
    "containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "terminationGracePeriodSeconds": WHOLE,
    **_free(
        "activeDeadlineSeconds affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks"
        " ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride"
        " imagePullSecrets nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName"
        " readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates"
        " securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain"
        " tolerations topologySpreadConstraints volumes workloadRef schedulingGroup"
    ),
}
_TEMPLATE = {"metadata": _META, "spec": _POD_SPEC}
_COMMON = {"minReadySeconds": WHOLE, "revisionHistoryLimit": WHOLE, "selector": ANY, "template": _TEMPLATE}
_SPECS: dict[str, dict[str, Any]] = {
    "Deployment": {
        **_COMMON,
        "replicas": WHOLE,
        "progressDeadlineSeconds": WHOLE,
        "paused": ANY,
        "strategy": ANY,
    },
    "ReplicaSet": {**_COMMON, "replicas": WHOLE},
    "StatefulSet": {
        **_COMMON,
        "replicas": WHOLE,
        **_free("ordinals persistentVolumeClaimRetentionPolicy podManagementPolicy serviceName updateStrategy"),
        "volumeClaimTemplates": ANY,
    },
    "DaemonSet": {**_COMMON, "updateStrategy": ANY},
    "Service": _free(
        "allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy"
        " healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP"
        " loadBalancerSourceRanges ports publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig"
        " trafficDistribution type"
    ),
}
_CONFIG_MAP = {**_free("apiVersion kind binaryData immutable"), "metadata": _META, "data": TEXTS}


class WrongTypeError(ValueError):
    """A value that does not fit its field; the text is the decoder's own."""


def conform(kind: str, found: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """`found` with unknown fields dropped and quantities canonical, and the paths of what was dropped.

    Kinds other than pods, the workloads of apps/v1, services and config maps are taken as they are.
    """
    schema = schema_of(kind)
    if schema is None:
        return found, []
    dropped: list[str] = []
    return _fit(found, schema, "", dropped), dropped


def schema_of(kind: str) -> dict[str, Any] | None:
    """The fields of a whole object of that kind; None for a kind that is taken as it is."""
    if kind == "ConfigMap":
        return _CONFIG_MAP
    spec = _POD_SPEC if kind == "Pod" else _SPECS.get(kind)
    return None if spec is None else _free("apiVersion kind status") | {"metadata": _META, "spec": spec}


def go_struct(schema: Any, kind: str) -> str:
    """The name of the Go struct that a schema's fields are of; "" for a map."""
    structs: list[tuple[Any, str]] = [(_META, "ObjectMeta"), (_TEMPLATE, "PodTemplateSpec"), (_POD_SPEC, "PodSpec")]
    structs += [(_CONTAINER, "Container"), (_ENV[0], "EnvVar"), (_CONTAINER["resources"], "ResourceRequirements")]
    structs.append((_SPECS.get(kind), f"{kind}Spec"))
    return next((name for known, name in structs if schema is known), kind)


def _fit(value: Any, schema: Any, path: str, dropped: list[str]) -> Any:
    if value is None or schema == ANY:
        return value
    if isinstance(schema, dict):
        return _fit_fields(value, schema, path, dropped)
    if isinstance(schema, list):
        if not isinstance(value, list):
            raise WrongTypeError(f"cannot restore slice from {_go_type(value)}")
        return [_fit(item, schema[0], f"{path}[{place}]", dropped) for place, item in enumerate(value)]
    return _LEAVES[schema](value)


def _fit_fields(value: Any, schema: dict[str, Any], path: str, dropped: list[str]) -> dict[str, Any]:
    fitted = {}
    for name, item in _mapping(value).items():
        here = f"{path}.{name}" if path else name
        if name in schema:
            fitted[name] = _fit(item, schema[name], here, dropped)
        else:
            dropped.append(here)
    return fitted


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WrongTypeError(f"cannot restore map from {_go_type(value)}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongTypeError(f"cannot convert {_go_type(value)} to string")
    return value


def _amount(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise WrongTypeError(SYNTAX)
    try:
        return canonical(str(value), milli=name == "cpu")
    except ValueError as error:
        raise WrongTypeError(str(error)) from error


def _whole(value: Any) -> int:
    if isinstance(value, float):
        raise WrongTypeError("cannot convert float64 to int32")
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongTypeError("unrecognized type: int32")
    return value


def _texts(value: Any) -> dict[str, str]:
    return {name: _text(item) for name, item in _mapping(value).items()}


def _amounts(value: Any) -> dict[str, str]:
    return {name: _amount(name, item) for name, item in _mapping(value).items() if item is not None}


def _go_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    kinds = {int: "int64", float: "float64", str: "string", list: "slice", dict: "map"}
    return kinds.get(type(value), "nil")


_LEAVES: dict[str, Callable[[Any], Any]] = {WHOLE: _whole, TEXT: _text, TEXTS: _texts, AMOUNTS: _amounts}

_CONTAINER_DEFAULTS = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_POD_DEFAULTS = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_PROBE_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_ROLLING = {"maxUnavailable": "25%", "maxSurge": "25%"}
_SPEC_DEFAULTS: dict[str, dict[str, Any]] = {
    "Deployment": {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
    "ReplicaSet": {"replicas": 1},
    "StatefulSet": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "podManagementPolicy": "OrderedReady",
        "serviceName": "",
    },
    "DaemonSet": {"revisionHistoryLimit": 10},
    "Job": {"parallelism": 1, "completions": 1, "backoffLimit": 6},
}

_FIRST_STATUS: dict[str, dict[str, Any]] = {
    "Pod": {"phase": "Pending"},
    "ReplicaSet": {"replicas": 0},
    "StatefulSet": {"replicas": 0},
    "DaemonSet": {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
    "Service": {"loadBalancer": {}},
}


def first_status(kind: str) -> dict[str, Any]:
    """The status of an object that no controller has looked at yet: what its type cannot leave out."""
    return dict(_FIRST_STATUS.get(kind, {}))


def with_defaults(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    """A workload or pod with the defaults that the API server fills in; other kinds as they are."""
    spec = found.get("spec")
    if not isinstance(spec, dict):
        return found
    if kind == "Pod":
        return {**found, "spec": _pod_spec(spec)}
    if kind == "Service":
        ports = [{"protocol": "TCP", "targetPort": row.get("port"), **row} for row in spec.get("ports") or []]
        return {**found, "spec": {"type": "ClusterIP", "sessionAffinity": "None", **spec, "ports": ports}}
    if kind not in _SPEC_DEFAULTS:
        return found
    spec = {**_SPEC_DEFAULTS[kind], **spec}
    if kind == "Deployment":
        spec["strategy"] = _strategy(spec.get("strategy"), _ROLLING)
    elif kind == "StatefulSet":
        spec["updateStrategy"] = _strategy(spec.get("updateStrategy"), {"partition": 0})
    elif kind == "DaemonSet":
        spec["updateStrategy"] = _strategy(spec.get("updateStrategy"), {"maxUnavailable": 1, "maxSurge": 0})
    template = spec.get("template")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        spec["template"] = {**template, "spec": _pod_spec(template["spec"])}
    return {**found, "spec": spec}


def _strategy(strategy: dict[str, Any] | None, rolling: dict[str, Any]) -> dict[str, Any]:
    strategy = {"type": "RollingUpdate", **(strategy or {})}
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = {**rolling, **(strategy.get("rollingUpdate") or {})}
    return strategy


def _pod_spec(spec: dict[str, Any]) -> dict[str, Any]:
    filled = {**_POD_DEFAULTS, **spec}
    for name in ("containers", "initContainers"):
        if isinstance(filled.get(name), list):
            filled[name] = [_container(item) for item in filled[name]]
    return filled


def _container(item: dict[str, Any]) -> dict[str, Any]:
    filled = {**_CONTAINER_DEFAULTS, **item}
    image = str(filled.get("image", ""))
    latest = image.endswith(":latest") or ":" not in image.rsplit("/", 1)[-1]
    filled.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    if filled.get("ports"):
        filled["ports"] = [{"protocol": "TCP", **port} for port in filled["ports"]]
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(filled.get(name), dict):
            probe = {**_PROBE_DEFAULTS, **filled[name]}
            if isinstance(probe.get("httpGet"), dict):
                probe["httpGet"] = {"scheme": "HTTP", **probe["httpGet"]}
            filled[name] = probe
    return filled
