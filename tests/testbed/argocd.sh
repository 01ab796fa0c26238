#!/usr/bin/env bash
# A real Argo CD on loopback for the tests marked `servers`, in the cluster of kubernetes.sh: repo server, API server,
# application controller, Redis, and a git server over a folder of bare repositories. No container engine, no root.
#
#   argocd.sh start              build what is missing, start the cluster and what is not running, wait until ready; prints the API's URL last
#   argocd.sh stop               end the processes that start started (by pid file); repositories stay, so does the cluster (kubernetes.sh stop)
#   argocd.sh status             one line a process (pid, resident memory); exit 0 only if all run and the API is ready
#   argocd.sh url [git]          print the API's URL, or the git server's (push to URL/any/name.git creates the repository)
#   argocd.sh token [admin]      print the token of the account 'bot' (get and sync of applications, get of logs), or a fresh one of 'admin'
#   argocd.sh notifications URL  also run the notifications controller with Argo CD's stock catalogue; Slack's API is at URL, say http://127.0.0.1:4830/api/
#                                (an Application asks by annotation: notifications.argoproj.io/subscribe.on-sync-failed.slack: channel)
#
#   ARGOCD_TESTBED_CACHE   binary                      default: ${XDG_CACHE_HOME:-$HOME/.cache}/argocd-testbed
#   ARGOCD_TESTBED_DIR     repositories, logs, pids    default: ${TMPDIR:-/tmp}/argocd-testbed-<uid>
#   ARGOCD_TESTBED_PORT    first of eight ports        default: 28080 (API, repo server, Redis, git, four of metrics)
#   KUBERNETES_TESTBED_*   which cluster: as kubernetes.sh has it
# A second one beside the first needs its own DIR and PORT, and a cluster of its own. Stop it before its cluster: its
# watches hold the API server for 15 s.
#
# The first start builds one binary from the Go modules of argocd/go.mod: 6 to 10 minutes on two cores, 2.1 GB of memory at
# the link. Its place is named after a hash of main.go, go.mod and go.sum, so a change of one byte there builds it anew.
# Later starts take 4 s in a running cluster, 8 s with it; the processes hold 500 to 700 MiB. Needs Go (first start only; it
# fetches the Go that Argo CD wants), redis-server, git, python3, curl, flock, and what kubernetes.sh needs.
#
# Real: everything of the API, comparison, sync, health, history, RBAC, logs and events. Absent: the UI, Dex, the
# ApplicationSet controller, helm, kustomize, gpg. The controllers' two metrics ports are bound to all addresses.
set -euo pipefail
umask 077

ARGOCD=v3.6.1
MODULE=github.com/argoproj/argo-cd/v3
testbed=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
here=$testbed/argocd
cache=${ARGOCD_TESTBED_CACHE:-${XDG_CACHE_HOME:-${HOME:?is not set}/.cache}/argocd-testbed}
run=${ARGOCD_TESTBED_DIR:-${TMPDIR:-/tmp}/argocd-testbed-$(id -u)}
port=${ARGOCD_TESTBED_PORT:-28080} # while it runs, its own port counts: see own_port
stamp=$(cat "$here/main.go" "$here/go.mod" "$here/go.sum" | sha256sum | cut -c1-12)
bin=$cache/bin-$ARGOCD-$stamp
config=$run/kubeconfig
servers=(redis git-http argocd-repo-server argocd-server argocd-application-controller) # in the order of their start

die() { echo "argocd.sh: $*" >&2; exit 1; }
say() { echo "argocd.sh: $*" >&2; }
need() { command -v "$1" >/dev/null || die "'$1' is not installed${3:+ (Debian package: $3)}; it is needed to $2"; }

# --- build -----------------------------------------------------------------------------------------------------

build() {
  [ -e "$bin/complete" ] && return
  need go "build Argo CD (once)"
  mkdir -p "$bin"
  exec 8>"$cache/build.lock"; flock 8 # testbeds with a DIR of their own may share the cache
  local log=$cache/build.log started=$SECONDS module name
  export GOTOOLCHAIN=go1.27.3 GOWORK=off # Go brings that toolchain as a module
  : >"$log"
  if ! [ -x "$bin/argocd" ]; then
    say "building Argo CD $ARGOCD (5 to 10 minutes; output in $log)"
    (cd "$here" && CGO_ENABLED=0 nice go build -p 2 -mod=readonly -buildvcs=false -trimpath -ldflags "-s -w -X $MODULE/common.version=${ARGOCD#v}" \
      -o "$bin/argocd.part" .) >>"$log" 2>&1 || die "building Argo CD failed: $(tail -n 3 "$log" | tr '\n' ' ')(all of it: $log)"
    mv "$bin/argocd.part" "$bin/argocd"
  fi
  module=$(cd "$here" && go mod download "$MODULE" 2>>"$log" && go list -mod=readonly -m -f '{{.Dir}}' "$MODULE") || die "Argo CD's module is not there: see $log"
  for name in application appproject applicationset; do install -m 600 "$module/manifests/crds/$name-crd.yaml" "$bin/crd-$name.yaml"; done
  install -m 600 "$module/notifications_catalog/install.yaml" "$bin/catalogue.yaml"
  install -m 700 "$module/hack/git-verify-wrapper.sh" "$bin/" # the repo server runs it; the module has it not executable
  touch "$bin/complete"
  exec 8>&-
  say "built in $((SECONDS - started)) s into $bin"
}

# --- processes: as in kubernetes.sh, a pid file holds the pid and the kernel's start time of the process -----------

born() { # pid -> its start time; nothing for one that has ended, even if nobody has reaped it yet
  local stat; stat=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<<"$stat"
  [[ ${stat[0]} != [ZX] ]] && echo "${stat[19]}"
}

pid_of() { # name -> its pid on stdout, or exit 1 when it is not running
  local pid since
  read -r pid since 2>/dev/null <"$run/pid/$1" || return 1
  [ -n "$since" ] && [ "$(born "$pid" || true)" = "$since" ] || return 1
  echo "$pid"
}

own_port() { # a testbed that runs keeps the port it was started with
  local saved name; saved=$(cat "$run/port" 2>/dev/null) || saved=
  for name in "${servers[@]}"; do
    [ -n "$saved" ] && pid_of "$name" >/dev/null || continue
    [ "${ARGOCD_TESTBED_PORT:-$saved}" = "$saved" ] || die "Argo CD in $run runs on port $saved, not $port: stop it first, or set another ARGOCD_TESTBED_DIR"
    port=$saved
  done
  [[ $port =~ ^[1-9][0-9]{3,4}$ && $port -le 65528 ]] || die "ARGOCD_TESTBED_PORT=$port is not a port from 1000 to 65528"
  url=http://127.0.0.1:$port repo=127.0.0.1:$((port + 1)) redis=127.0.0.1:$((port + 2)) git=http://127.0.0.1:$((port + 3))
}

launch() { # name, command...
  local name=$1; shift
  pid_of "$name" >/dev/null && return
  setsid "$@" </dev/null >>"$run/log/$name.log" 2>&1 9>&- &
  echo "$! $(born $!)" >"$run/pid/$name"
}

argocd() { # name, arguments... ; without HOSTNAME the controller does not find its shard; in-cluster means our kubeconfig
  PATH=$bin:$PATH KUBECONFIG=$config TMPDIR=$run/tmp HOSTNAME=testbed-0 NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 \
    ARGOCD_BINARY_NAME=$1 ARGOCD_FAKE_IN_CLUSTER=true ARGOCD_GPG_ENABLED=false ARGOCD_ASK_PASS_SOCK=$run/ask-pass.sock \
    ARGOCD_TLS_DATA_PATH=$run/tls ARGOCD_SSH_DATA_PATH=$run/ssh ARGOCD_GNUPGHOME=$run/gpg launch "$1" "$bin/argocd" "${@:2}"
}

end() { # name
  local pid i
  pid=$(pid_of "$1") || { rm -f "$run/pid/$1"; return 0; }
  kill "$pid" 2>/dev/null || true
  for ((i = 0; i < 150; i++)); do pid_of "$1" >/dev/null || break; sleep 0.1; done
  if pid_of "$1" >/dev/null; then say "$1 ($pid) did not stop in 15 s and is killed"; kill -9 "$pid" 2>/dev/null || true; fi
  rm -f "$run/pid/$1"
}

end_all() {
  local i
  end argocd-notifications
  for ((i = ${#servers[@]} - 1; i >= 0; i--)); do end "${servers[i]}"; done
  [ ! -d "$run/tmp" ] || chmod -R u+rwX "$run/tmp" # the repo server makes its folder unreadable
  rm -rf "$run/tmp" "$run/bot.token"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free() { # port, name: refuse a port that someone else listens on
  pid_of "$2" >/dev/null && return
  ! listens "$1" || die "port $1 (for $2) is taken by another process; set ARGOCD_TESTBED_PORT to the first of eight free ports"
}

wait_for() { # name, what, seconds, command...
  local name=$1 what=$2 limit=$((SECONDS + $3)); shift 3
  until "$@" >/dev/null 2>&1; do
    pid_of "$name" >/dev/null || die "$name ended before $what: $(tail -n 3 "$run/log/$name.log" | cut -c1-600) (all of it: $run/log/$name.log)"
    ((SECONDS < limit)) || die "$what did not happen in time; see $run/log/$name.log"
    sleep 0.2
  done
}

# --- the cluster's API, Argo CD's API --------------------------------------------------------------------------

kube() { # path, curl arguments...; as the cluster's admin
  local path=$1 ca server token; shift
  ca=$(sed -n 's/.*certificate-authority: "\([^"]*\)".*/\1/p' "$config"); server=$(sed -n 's/.*server: "\([^"]*\)".*/\1/p' "$config")
  token=$(sed -n 's/.*name: admin, user: {token: \([^}]*\)}.*/\1/p' "$config")
  curl --silent --show-error --noproxy '*' --max-time 30 --cacert "$ca" -H @<(printf 'Authorization: Bearer %s' "$token") "$@" "$server$path"
}

apply() { # path, file, field manager: server-side, for the CRDs are too large for anything else
  local code; code=$(kube "$1?force=true&fieldManager=${3:-argocd-testbed}" -X PATCH -H 'Content-Type: application/apply-patch+yaml' --data-binary "@$2" \
    -o "$run/log/apply.json" -w '%{http_code}')
  case $code in 200|201) ;; *) die "applying $1 answered $code: $(head -c 400 "$run/log/apply.json")" ;; esac
}

in_argocd=/api/v1/namespaces/argocd
api() { curl --silent --show-error --noproxy '*' --max-time 15 -H 'Content-Type: application/json' "${@:2}" "$url$1"; } # path, curl arguments...
field() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p'; } # name -> its value in the JSON on stdin
served() { kube /apis/argoproj.io/v1alpha1/applications --fail && kube /apis/argoproj.io/v1alpha1/appprojects --fail; }
ready() { [ "$(api /healthz)" = ok ]; }

admin_token() {
  local password; password=$(kube $in_argocd/secrets/argocd-initial-admin-secret --fail | field password | base64 -d) || return 1
  printf '{"username":"admin","password":"%s"}' "$password" | api /api/v1/session --fail --data-binary @- | field token | grep .
}

bot_token() { # the one we have, while it is good, or a new one
  api /api/v1/applications --fail -H @<(printf 'Authorization: Bearer %s' "$(cat "$run/bot.token" 2>/dev/null)") >/dev/null 2>&1 && return
  local admin; admin=$(admin_token) || return 1
  api /api/v1/account/bot/token --fail -H @<(printf 'Authorization: Bearer %s' "$admin") -d '{"name":"bot"}' | field token | grep . >"$run/bot.token"
}

# --- verbs -----------------------------------------------------------------------------------------------------

start() {
  need redis-server "keep Argo CD's cache" redis-server
  need git "serve and read repositories" git; need python3 "serve repositories" python3; need curl "talk to the APIs" curl
  build
  mkdir -p "$run"/{pid,log,git,tls,ssh,gpg,tmp}; : >>"$run/ssh/ssh_known_hosts"
  own_port
  local i=0 name kind path base cluster started=$SECONDS
  for name in argocd-server argocd-repo-server redis git-http argocd-repo-server argocd-server argocd-application-controller argocd-notifications; do
    free $((port + i)) "$name"; i=$((i + 1))
  done
  base=$("$testbed/kubernetes.sh" start | tail -n 1) || die "the cluster did not start"
  sed 's/user: admin}/user: admin, namespace: argocd}/' "$base" >"$config"
  cluster=$(kube /api/v1/namespaces/kube-system --fail | field uid) || die "the cluster does not answer"
  if [ "$cluster" != "$(cat "$run/cluster" 2>/dev/null)" ]; then # another, empty cluster: nothing of Argo CD's may live on
    end_all; mkdir -p "$run/tmp"
    echo "$cluster" >"$run/cluster"
  fi
  echo "$port" >"$run/port"

  for name in application appproject applicationset; do apply "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}s.argoproj.io" "$bin/crd-$name.yaml"; done
  rm -f "$run"/setup-*.yaml
  sed "s|ARGOCD_URL|$url|" "$here/setup.yaml" | awk -v stem="$run/setup-" '/^---$/ {n++; next} {print >(stem n + 1 ".yaml")}'
  for i in $(seq "$(grep -c '^kind: ' "$here/setup.yaml")"); do
    name=$(sed -n 's/^metadata: {name: \([a-z-]*\).*/\1/p' "$run/setup-$i.yaml")
    kind=$(sed -n 's/^kind: //p' "$run/setup-$i.yaml") path=$in_argocd; [ "$kind" = Namespace ] || path=$in_argocd/${kind,,}s/$name
    apply "$path" "$run/setup-$i.yaml"
  done

  launch redis redis-server --port "${redis#*:}" --bind 127.0.0.1 --save '' --appendonly no --dir "$run/tmp"
  launch git-http python3 "$here/git_http.py" "$run/git" "${git##*:}"
  wait_for redis "Redis listens" 30 listens "${redis#*:}"
  wait_for git-http "the git server listens" 30 listens "${git##*:}"
  argocd argocd-repo-server --address 127.0.0.1 --port "${repo#*:}" --metrics-address 127.0.0.1 --metrics-port $((port + 4)) --redis "$redis" \
    --disable-tls --client-ca-path '' --revision-cache-expiration 5s
  wait_for argocd-repo-server "the repo server listens" 60 listens "${repo#*:}"
  wait_for argocd-repo-server "the cluster serves Applications" 60 served
  argocd argocd-server --address 127.0.0.1 --port "$port" --metrics-address 127.0.0.1 --metrics-port $((port + 5)) --redis "$redis" \
    --repo-server "$repo" --repo-server-plaintext --insecure --namespace argocd
  argocd argocd-application-controller --metrics-port $((port + 6)) --redis "$redis" --repo-server "$repo" --repo-server-plaintext --namespace argocd \
    --app-resync 10 --app-resync-jitter 0 # with the repo server's 5 s: a push is seen within half a minute, by default within minutes
  wait_for argocd-server "the API's readiness" 120 ready
  wait_for argocd-application-controller "the controller listens" 60 listens $((port + 6))
  wait_for argocd-server "the bot's token" 60 bot_token
  say "ready after $((SECONDS - started)) s: $url, git $git, repositories in $run/git"
  echo "$url"
}

notifications() { # Slack's API
  [[ $1 =~ ^https?://[^[:space:]\"\']+$ ]] || die "'$1' is not a URL: argocd.sh notifications http://127.0.0.1:4830/api/"
  own_port
  pid_of argocd-server >/dev/null || die "Argo CD is not running; run: $0 start"
  free $((port + 7)) argocd-notifications
  # Two field managers share one ConfigMap: the catalogue as it is, and our two keys.
  apply $in_argocd/configmaps/argocd-notifications-cm "$bin/catalogue.yaml" argocd-testbed-catalogue
  printf '%s\n' 'apiVersion: v1' 'kind: ConfigMap' 'metadata: {name: argocd-notifications-cm, labels: {app.kubernetes.io/part-of: argocd}}' 'data:' \
    "  context: 'argocdUrl: $url'" '  service.slack: |' '    token: $slack-token' "    apiURL: ${1%/}/" >"$run/setup-notifications.yaml"
  apply $in_argocd/configmaps/argocd-notifications-cm "$run/setup-notifications.yaml"
  argocd argocd-notifications --metrics-port $((port + 7)) --namespace argocd --argocd-repo-server "$repo" --argocd-repo-server-plaintext
  wait_for argocd-notifications "the notifications controller listens" 60 listens $((port + 7))
}

status() {
  own_port
  local name pid all=0
  for name in "${servers[@]}" argocd-notifications; do
    if pid=$(pid_of "$name"); then
      printf '%-30s pid %-8s %5d MiB\n' "$name" "$pid" $(($(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status") / 1024))
    else printf '%-30s not running\n' "$name"; [ "$name" = argocd-notifications ] || all=1; fi
  done
  if [ $all = 0 ] && ready; then echo "ready: $url"; else echo "not ready"; return 1; fi
}

running() { own_port; [ -e "$run/bot.token" ] && pid_of argocd-server >/dev/null || die "Argo CD is not running; run: $0 start"; }
locked() { need flock "keep two starts apart"; mkdir -p "$cache" "$run"; exec 9>"$run/lock"; flock 9; "$@"; }

[[ $cache == /* && $run == /* ]] || die "ARGOCD_TESTBED_CACHE and ARGOCD_TESTBED_DIR must be absolute paths"
[ ${#run} -le 90 ] || die "ARGOCD_TESTBED_DIR is too long for a socket in it: at most 90 characters"

case ${1:-}:${2:-} in
  start:) locked start ;;
  stop:) locked end_all ;;
  status:) status ;;
  url:) running; echo "$url" ;;
  url:git) running; echo "$git" ;;
  token:) running; cat "$run/bot.token" ;;
  token:admin) running; admin_token || die "the admin's token could not be had" ;;
  notifications:?*) locked notifications "$2" ;;
  *) sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
