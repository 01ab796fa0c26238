"""Apps that watch a Kubernetes cluster and post its events: Kubewatch, Botkube, K8sGPT. They differ in words only.

Facts: robusta-dev/kubewatch, pkg/handlers/slack; kubeshop/botkube, internal/source/kubernetes; k8sgpt-ai/k8sgpt-operator,
pkg/sinks/slack.go.
"""

from bot.intake.parsers.sender import Sender, any_of, words

SENDER = Sender(
    source="kubernetes-watcher",
    platform="kubernetes",
    names=words(r"(?<![a-z])(?:kube-?watch|botkube|k8s-?gpt|holmes(?:gpt)?)(?![a-z])"),
    urls=words(r"\.botkube\.io/"),
    says=words(r"k8sgpt|\bkubewatch\b|(?:^|\n)\W{0,3}v1/\w{1,40} error"),
    titles=any_of(
        r"analysis of the pod (?:(?P<namespace>[\w-]{1,63})/)?(?P<pod>[\w.-]{1,253})",
        r"analysis of the node (?P<node>[\w.-]{1,253})",
        r"analysis of the service (?:(?P<namespace>[\w-]{1,63})/)?(?P<service>[\w.-]{1,253})",
        r"analysis of the \w{1,40} (?:(?P<namespace>[\w-]{1,63})/)?(?P<app>[\w.-]{1,253})",
    ),
)
