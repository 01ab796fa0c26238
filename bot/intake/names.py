"""Which workload a pod belongs to, guessed from its name alone: the platform has to confirm it.

Facts: Kubernetes names generated parts from the letters of `rand.SafeEncodeString` (no vowels, no 0, 1, 3); a
ReplicaSet's hash has up to 10 of them, a pod's suffix 5; a CronJob's Job ends in minutes or seconds since 1970.
"""

import re

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_REPLICA_SET = re.compile(rf"(.+)-[{_SAFE}]{{8,10}}-[{_SAFE}]{{5}}")
_LIKE_REPLICA_SET = re.compile(r"(.+)-(?=[a-z]{0,9}\d)[a-z0-9]{6,10}-[a-z0-9]{5}")
_CRON = re.compile(r"(.+?)-\d{8,10}(?:-\d{1,3})?(?:-[a-z0-9]{5})?")
_STATEFUL_SET = re.compile(r"(.+)-\d{1,4}")
_SUFFIX = re.compile(rf"(.+?)(?:-\d{{1,4}})?-[{_SAFE}]{{5}}")
_WORDS = frozenset({"https", "http2", "grpcs", "nfsv4", "html5"})


def workload_name(pod: str) -> str:
    """Return the name of the workload that probably made the pod; the pod's own name if nothing looks generated.

    Deployment `carts-6c9f7d4d7b-x2lqp`, StatefulSet `db-0`, DaemonSet or Job `agent-x2lqp`, CronJob
    `etl-29183040-x2lqp`; a Job of a CronJob, `etl-29183040`, gives `etl` too.
    """
    name = pod.strip().lower()[:253]
    for shape in (_CRON, _REPLICA_SET, _LIKE_REPLICA_SET, _STATEFUL_SET, _SUFFIX):
        found = shape.fullmatch(name)
        if found and name.rpartition("-")[2] not in _WORDS:
            return found[1]
    return name
