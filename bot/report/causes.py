"""A cause in a few words of ours, for a headline: what a person needs to know before opening anything."""

from bot.domain.alert import Target
from bot.domain.diagnosis import Hypothesis
from bot.report.words import name

_WORDS = {
    "action_not_found": "an action of the workflow cannot be found",
    "admission_denied": "an admission webhook refuses it",
    "api_rate_limit": "a rate limit is used up",
    "app_path_missing": "the path does not exist in the repository",
    "app_project_forbids": "the project does not allow it",
    "autoscaler_at_maximum": "the autoscaler is at its maximum",
    "cancelled": "it was cancelled",
    "certificate_expired": "a certificate has expired",
    "certificate_untrusted": "a certificate is not trusted",
    "chart_not_found": "the chart cannot be found",
    "chart_render_error": "the chart cannot be rendered",
    "chart_values_invalid": "the values do not fit the chart",
    "cluster_overcommitted": "the cluster has not enough room",
    "command_not_found": "a command is not installed",
    "compile_error": "the code does not compile",
    "config_file_invalid": "a configuration file cannot be read",
    "config_key_missing": "a key is missing in its configuration",
    "config_object_missing": "a Secret or ConfigMap is missing",
    "connection_failed": "no connection to its database or broker",
    "container_config_invalid": "the container cannot be made",
    "container_restarting": "{container} ends again and again",
    "coverage_gate": "the coverage is too low",
    "cpu_throttled": "{container} is held back by its CPU limit",
    "crd_missing": "a CustomResourceDefinition is missing",
    "credential_expired": "a credential is no longer accepted",
    "credentials_missing": "credentials are missing",
    "credentials_rejected": "credentials are not accepted",
    "dependency_unavailable": "a service that it needs is down",
    "disk_full": "the disk is full",
    "dns_failure": "a host name cannot be resolved",
    "docker_usage": "the image build asks for the impossible",
    "drift": "it differs from Git and nobody synced it",
    "environment_missing": "an environment variable is missing",
    "evicted_disk": "pod evicted, its disk was full",
    "evicted_memory": "pod evicted, its node ran short of memory",
    "executable_not_found": "the container's command does not exist",
    "executable_permission": "the container's command is not executable",
    "file_missing": "a file is missing",
    "flaky_test": "a flaky test failed",
    "heap_exhausted": "the Java heap is full",
    "image_name_invalid": "the image's name is invalid",
    "image_not_found": "{image} does not exist",
    "image_not_present": "the node does not have the image",
    "image_pull_failing": "the image cannot be pulled",
    "image_pull_unauthorized": "the registry refuses the pull credentials",
    "immutable_field": "a field cannot be changed in place",
    "init_container_failing": "an init container fails",
    "insufficient_capacity": "no node has room for the pod",
    "killed_without_reason": "{container} was killed, the reason is not stated",
    "library_mismatch": "a library does not fit",
    "limit_range_violated": "outside the namespace's LimitRange",
    "lint_failure": "a linter refuses the change",
    "liveness_killed": "{container} is killed by its probe",
    "lockfile_out_of_step": "the lock file is out of step",
    "manifest_generation": "the manifests cannot be made",
    "manifest_invalid": "a manifest is invalid",
    "module_missing": "a module is not installed",
    "namespace_missing": "the namespace does not exist",
    "node_not_ready": "the node does not report any more",
    "node_selector_unmatched": "no node matches what the pod demands",
    "not_executable": "a script is not executable",
    "oom_killed": "{container} was OOMKilled",
    "out_of_memory": "the program gets no more memory",
    "package_not_found": "a package does not exist",
    "permission_missing": "a permission is missing",
    "pod_security_forbidden": "the pod security level forbids it",
    "port_in_use": "the port is taken",
    "program_crash": "the program crashes",
    "program_error": "the program ends with an error",
    "quota_exceeded": "the namespace's quota is used up",
    "quota_wants_requests": "the quota wants requests or limits",
    "rbac_forbidden": "forbidden by RBAC",
    "readiness_failing": "readiness probe fails",
    "registry_denied": "the registry denies it",
    "registry_rate_limit": "the registry's rate limit is used up",
    "registry_unreachable": "the registry cannot be reached",
    "release_locked": "the release is locked",
    "release_ownership": "an object belongs to something else",
    "remote_server_error": "a remote service has an error",
    "remote_unreachable": "a remote service does not answer",
    "repository_auth": "the repository refuses the credentials",
    "revision_not_found": "the Git revision does not exist",
    "rollout_stuck": "the rollout does not get on",
    "runner_lost": "the runner went away",
    "runtime_version_mismatch": "the language version does not fit",
    "script_missing": "a script is not defined",
    "script_syntax": "a script has a syntax error",
    "security_context_conflict": "the image wants to run as root",
    "service_account_missing": "the service account is missing",
    "service_not_started": "a service that the job needs is not started",
    "setting_missing": "a secret or variable is missing",
    "size_limit": "it is too large",
    "stack_overflow": "endless recursion",
    "storage_class_missing": "the storage class does not exist",
    "sync_interrupted": "the sync was interrupted",
    "test_failure": "a test fails",
    "time_limit": "it ran out of time",
    "token_permissions": "the job's token lacks a permission",
    "untolerated_taint": "a taint is not tolerated",
    "version_conflict": "versions contradict each other",
    "volume_full": "a volume is running full",
    "volume_mount_failed": "a volume cannot be mounted",
    "volume_multi_attach": "the volume is attached to another node",
    "volume_unbound": "a volume claim is not bound",
    "webhook_down": "an admission webhook is down",
    "webhook_unreachable": "an admission webhook cannot be reached",
    "workflow_invalid": "the workflow file is invalid",
    "wrong_architecture": "the image is for another CPU architecture",
    "wrong_arguments": "a tool does not know an option",
}


def cause(hypothesis: Hypothesis, target: Target) -> str:
    """Return the cause in a few words: `container app was OOMKilled`; one that a team added is said by its id."""
    said = _WORDS.get(hypothesis.cause_id)
    if said is None:
        return name(hypothesis.cause_id.replace("_", " "), 60)
    container = name(target.container, 63)
    return said.format(container=f"container {container}" if container else "a container", image=_image(hypothesis))


def image_of(hypothesis: Hypothesis) -> str:
    """Return the image that the symptoms name, or the empty string. A stranger's words."""
    named = (group for symptom in hypothesis.supports for group in symptom.groups if group.name == "image")
    return next((group.value for group in named if group.value), "")


def tag_of(image: str) -> str:
    """Return the image's tag, or the empty string when it names none (a digest is no tag)."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def _image(hypothesis: Hypothesis) -> str:
    """Return the image by its last name and its tag, without the colon, which a headline does not hold."""
    image = image_of(hypothesis)
    short, tag = name(image.partition("@")[0].rpartition("/")[2].partition(":")[0], 40), name(tag_of(image), 40)
    return f"tag {tag} of image {short}" if short and tag else f"image {short}" if short else "the image"
