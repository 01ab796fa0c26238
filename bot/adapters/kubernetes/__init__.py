"""Kubernetes through the official client: the one home of its SDK.

`connect` makes a connection, `KubernetesCluster` fulfils `ports.Cluster` on it. Importing this costs half a second
(the SDK), so `bootstrap` does it only when a cluster is configured.
"""

from bot.adapters.kubernetes.cluster import KubernetesCluster
from bot.adapters.kubernetes.connection import connect

__all__ = ["KubernetesCluster", "connect"]
