"""Argo CD through its REST API with requests: the one home of that library.

`connect` makes a connection, `ArgoDeployments` fulfils `ports.Deployments` on it. How Argo CD really answers is recorded in
tests/contract/data/argocd-api; the code follows the recordings where its description says otherwise.
"""

from bot.adapters.argocd.connection import ArgoAccess, connect
from bot.adapters.argocd.deployments import ArgoDeployments

__all__ = ["ArgoAccess", "ArgoDeployments", "connect"]
