"""What Kubernetes accepts, as far as mends need it: a closed list of kinds, fields and types that people write often.

Facts: the API reference of Kubernetes 1.34 (kubernetes.io/docs/reference/kubernetes-api). Fields that take a number or a
text (targetPort, a probe's port, maxSurge) stand in neither list.
"""

from typing import Final

API_VERSIONS: Final[dict[str, str]] = {
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), "apps/v1"),
    **dict.fromkeys(("Job", "CronJob"), "batch/v1"),
    **dict.fromkeys(("Ingress", "NetworkPolicy", "IngressClass"), "networking.k8s.io/v1"),
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), "rbac.authorization.k8s.io/v1"),
    **dict.fromkeys(
        ("Service", "ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim", "Namespace", "Pod"), "v1"
    ),
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
}

SAME_SHAPE: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
        frozenset({"v1", "app/v1", "apps/v2", "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1", "batch/v1"}),
    ),
    **dict.fromkeys(("Job", "CronJob"), frozenset({"v1", "apps/v1", "batch/v1beta1", "batch/v2", "jobs/v1"})),
    **dict.fromkeys(
        ("Service", "ConfigMap", "Secret", "ServiceAccount"), frozenset({"apps/v1", "core/v1", "v1beta1", "v2"})
    ),
    **dict.fromkeys(
        ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
        frozenset({"v1", "rbac/v1", "rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1alpha1"}),
    ),
    "Ingress": frozenset({"v1", "networking/v1", "apps/v1"}),
    "NetworkPolicy": frozenset({"v1", "networking/v1", "extensions/v1beta1", "apps/v1"}),
    "HorizontalPodAutoscaler": frozenset({"autoscaling/v2beta2"}),
    "PodDisruptionBudget": frozenset({"policy/v1beta1", "v1", "apps/v1"}),
}
"""Versions that are wrong for the kind today and whose fields are those of the right one."""

WORKLOADS: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"})

INTEGERS: Final = frozenset(
    [
        "replicas",
        "minReadySeconds",
        "revisionHistoryLimit",
        "progressDeadlineSeconds",
        "containerPort",
        "hostPort",
        "nodePort",
        "backoffLimit",
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "ttlSecondsAfterFinished",
        "startingDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
        "terminationGracePeriodSeconds",
        "initialDelaySeconds",
        "periodSeconds",
        "timeoutSeconds",
        "successThreshold",
        "failureThreshold",
        "runAsUser",
        "runAsGroup",
        "fsGroup",
        "defaultMode",
        "minReplicas",
        "maxReplicas",
        "averageUtilization",
        "priority",
    ]
)
BOOLEANS: Final = frozenset(
    [
        "readOnly",
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "privileged",
        "runAsNonRoot",
        "allowPrivilegeEscalation",
        "readOnlyRootFilesystem",
        "automountServiceAccountToken",
        "enableServiceLinks",
        "suspend",
        "paused",
        "immutable",
        "optional",
        "stdin",
        "stdinOnce",
        "tty",
        "publishNotReadyAddresses",
        "shareProcessNamespace",
    ]
)
TEXT_MAPS: Final = (("metadata", "labels"), ("metadata", "annotations"), ("selector", "matchLabels"))
"""Mappings of which every value is text."""

QUANTITIES: Final = frozenset({"memory", "cpu", "ephemeral-storage", "storage"})
QUANTITY_PLACES: Final = (("resources", "limits"), ("resources", "requests"))

_POD = """containers initContainers volumes restartPolicy serviceAccountName nodeSelector affinity tolerations hostNetwork hostPID
hostIPC dnsPolicy dnsConfig imagePullSecrets securityContext terminationGracePeriodSeconds activeDeadlineSeconds priority
priorityClassName schedulerName topologySpreadConstraints automountServiceAccountToken enableServiceLinks hostAliases hostname
subdomain shareProcessNamespace runtimeClassName serviceAccount nodeName overhead preemptionPolicy readinessGates os hostUsers
ephemeralContainers setHostnameAsFQDN resourceClaims schedulingGates resources"""
_CONTAINER = """name image command args ports env envFrom resources volumeMounts volumeDevices livenessProbe readinessProbe
startupProbe lifecycle imagePullPolicy securityContext workingDir terminationMessagePath terminationMessagePolicy stdin
stdinOnce tty resizePolicy restartPolicy"""
_PROBE = """httpGet tcpSocket exec grpc initialDelaySeconds periodSeconds timeoutSeconds successThreshold failureThreshold
terminationGracePeriodSeconds"""
_SPECS = {
    "Deployment": "replicas selector template strategy minReadySeconds revisionHistoryLimit progressDeadlineSeconds paused",
    "StatefulSet": """replicas selector template serviceName updateStrategy podManagementPolicy volumeClaimTemplates
    revisionHistoryLimit minReadySeconds persistentVolumeClaimRetentionPolicy ordinals""",
    "DaemonSet": "selector template updateStrategy minReadySeconds revisionHistoryLimit",
    "Job": """template parallelism completions activeDeadlineSeconds backoffLimit ttlSecondsAfterFinished suspend
    completionMode selector manualSelector podFailurePolicy backoffLimitPerIndex maxFailedIndexes successPolicy managedBy
    podReplacementPolicy""",
    "CronJob": """schedule timeZone startingDeadlineSeconds concurrencyPolicy suspend jobTemplate successfulJobsHistoryLimit
    failedJobsHistoryLimit""",
    "Service": """selector ports type clusterIP clusterIPs externalIPs externalName externalTrafficPolicy internalTrafficPolicy
    ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges healthCheckNodePort
    allocateLoadBalancerNodePorts publishNotReadyAddresses sessionAffinity sessionAffinityConfig trafficDistribution""",
    "Pod": _POD,
}
_TOP = "apiVersion kind metadata spec status"
_METADATA = """name namespace labels annotations finalizers generateName ownerReferences uid resourceVersion generation
creationTimestamp deletionTimestamp deletionGracePeriodSeconds managedFields selfLink"""

_ENDS: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("template", "spec"), _POD),
    (("spec", "containers"), _CONTAINER),
    (("spec", "initContainers"), _CONTAINER),
    (("containers", "ports"), "name containerPort hostPort hostIP protocol"),
    (("containers", "env"), "name value valueFrom"),
    (("initContainers", "env"), "name value valueFrom"),
    (("containers", "resources"), "limits requests claims"),
    (("initContainers", "resources"), "limits requests claims"),
    (("containers", "volumeMounts"), "name mountPath subPath subPathExpr readOnly mountPropagation recursiveReadOnly"),
    *(((probe,), _PROBE) for probe in ("livenessProbe", "readinessProbe", "startupProbe")),
    *(
        ((probe, "httpGet"), "path port host scheme httpHeaders")
        for probe in ("livenessProbe", "readinessProbe", "startupProbe")
    ),
    (("template",), "metadata spec"),
    (("spec", "strategy"), "type rollingUpdate"),
)


_PORTS = "name port targetPort nodePort protocol appProtocol"
_AT: Final[dict[str, dict[tuple[str, ...], str]]] = {
    kind: {
        (): _TOP,
        ("metadata",): _METADATA,
        ("spec", "template", "metadata"): _METADATA,
        ("spec",): spec,
        **({("spec", "ports"): _PORTS} if kind == "Service" else {}),
    }
    for kind, spec in _SPECS.items()
}


def fields_at(kind: str, path: tuple[str, ...]) -> frozenset[str]:
    """Return the fields that an object may have at a path of keys (list items left out); empty where that is not known."""
    places = _AT.get(kind, {})
    names = places.get(path, "")
    if not names and kind in WORKLOADS and path[:1] == ("spec",) and "volumeClaimTemplates" not in path:
        names = next((names for ends, names in _ENDS if path[len(path) - len(ends) :] == ends), "")
    return frozenset(names.split())
