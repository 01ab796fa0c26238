"""Senders whose platform has no name in reading.PLATFORMS: their alerts are read, their platform stays open.

The row keeps their posts from being taken for somebody else's because a link or a phrase in them looks like it: a
Netlify deploy links to GitHub, a New Relic alert names pods. `source` is the product's name, for people.
"""

from bot.intake.parsers.sender import Sender, words

_POSTS_RESULTS = (
    # source, names of the bot, hosts in its links
    ("netlify", r"netlify", r"\.netlify\.(?:com|app)/"),
    ("travis-ci", r"travis(?:[ -]?ci)?", r"//(?:app\.)?travis-ci\.(?:com|org)/"),
    ("bitbucket", r"bitbucket(?: pipelines)?", r"//bitbucket\.org/"),
    ("drone", r"drone(?:[ -]?ci)?|woodpecker", r"//drone[.\w-]{0,60}/"),
    ("spinnaker", r"spinnaker|spinbot", r"//spinnaker[.\w-]{0,60}/|/#/applications/[\w-]{1,80}/executions"),
    ("tekton", r"tekton(?: pipelines?)?", r"//tekton[.\w-]{0,60}/|/tekton-pipelines/|/#/namespaces/[\w-]{1,63}/pipelineruns/"),
    ("harness", r"harness", r"//app\.harness\.io/"),
    ("argo-workflows", r"argo[ -](?:workflows?|rollouts?|events?)", r"//argo-workflows[.\w-]{0,60}/"),
    ("bamboo", r"bamboo", r"/browse/[A-Z0-9]{2,20}-[A-Z0-9]{2,20}-\d{1,7}"),
    ("codefresh", r"codefresh", r"//g\.codefresh\.io/"),
    ("semaphore", r"semaphore(?: ?ci)?", r"\.semaphoreci\.com/"),
    ("concourse", r"concourse", r"/teams/[\w-]{1,60}/pipelines/[\w-]{1,80}/jobs/"),
    ("gocd", r"go ?cd", r"/go/pipelines/"),
    ("octopus", r"octopus(?: ?deploy)?", r"\.octopus\.app/"),
    ("heroku", r"heroku", r"//dashboard\.heroku\.com/"),
    ("render", r"render(?:\.com)?", r"//dashboard\.render\.com/"),
    ("cloud-build", r"(?:google )?cloud build", r"/cloud-build/builds/"),
    ("terraform", r"terraform(?: cloud)?|hcp terraform|spacelift|atlantis", r"//app\.terraform\.io/"),
    ("appveyor", r"appveyor", r"//ci\.appveyor\.com/"),
    ("codeship", r"codeship", r"//app\.codeship\.com/"),
    ("bitrise", r"bitrise", r"//app\.bitrise\.io/"),
    ("airflow", r"airflow|astronomer", r"/dags/[\w.-]{1,200}/|/log\?[^\s]{0,200}dag_id="),
)  # fmt: skip
_MONITORS = (
    ("uptime-robot", r"uptime ?robot", r"\.uptimerobot\.com/"),
    ("uptime-kuma", r"uptime ?kuma", r"//uptime[.\w-]{0,60}/dashboard/"),
    ("pingdom", r"pingdom", r"//my\.pingdom\.com/"),
    ("statuscake", r"status ?cake", r"\.statuscake\.com/"),
    ("better-stack", r"better ?(?:stack|uptime)", r"//uptime\.betterstack\.com/"),
    ("statuspage", r"status ?page|status\.io|[\w ]{0,40} status", r"\.statuspage\.io/"),
    ("new-relic", r"new ?relic", r"//(?:one|alerts|radar-api)\.(?:eu\.)?(?:service\.)?newrelic\.com/"),
    ("zabbix", r"zabbix", r"//zabbix[.\w-]{0,60}/|/tr_events\.php\?"),
    ("nagios", r"nagios|icinga|check_?mk|centreon|sensu|monit", r"/cgi-bin/(?:nagios3?/)?extinfo\.cgi|/icingaweb2/"),
    ("splunk", r"splunk(?:[ -]on-?call)?|victor-?ops", r"//portal\.victorops\.com/"),
    ("dynatrace", r"dynatrace", r"\.(?:live|apps)\.dynatrace\.com/"),
    ("appdynamics", r"app ?dynamics", r"\.saas\.appdynamics\.com/"),
    ("elastic", r"kibana|elastic(?:search|alert)?|elast-?alert|opensearch", r"\.elastic-cloud\.com|/app/(?:management|observability)/"),
    ("honeycomb", r"honeycomb", r"//ui\.honeycomb\.io/"),
    ("signoz", r"signoz|signal ?fx|instana|lightstep|coralogix|logz\.?io|sumo ?logic|loggly|papertrail", r"\.signoz\.(?:io|cloud)/"),
    ("rollbar", r"rollbar", r"//(?:app\.)?rollbar\.com/"),
    ("bugsnag", r"bugsnag", r"//app\.bugsnag\.com/"),
    ("raygun", r"raygun|airbrake|honeybadger|app ?signal|scout(?: apm)?", r"//app\.(?:raygun\.com|honeybadger\.io)|//appsignal\.com/"),
    ("healthchecks", r"healthchecks(?:\.io)?|cronitor|dead man'?s snitch", r"//healthchecks\.io/|//cronitor\.io/"),
    ("incident.io", r"incident\.io|fire ?hydrant|rootly|squadcast|zenduty|x-?matters|all ?quiet", r"//app\.incident\.io/"),
    ("checkly", r"checkly|site ?24x7|catchpoint|thousand ?eyes|updown\.io|freshping|hetrix", r"//app\.checklyhq\.com/"),
    ("google-monitoring", r"google cloud (?:monitoring|alerting)|stackdriver|gcp alert\w{0,4}", r"//console\.cloud\.google\.com/monitoring/"),
    ("azure-monitor", r"azure monitor|azure alerts?", r"//portal\.azure\.com/"),
    ("sonarqube", r"sonar(?:qube|cloud)|snyk|trivy|aqua|wiz|lacework|crowdstrike", r"//sonarcloud\.io/"),
    ("cluster-tools", r"komodor|kured|kubecost|velero|goldilocks|keda|kube-?cost|cert-manager|trivy-operator", r"//app\.komodor\.com/"),
    ("cloudflare", r"cloudflare", r"//dash\.cloudflare\.com/"),
    ("mongodb-atlas", r"mongo ?db(?: atlas)?|supabase|planetscale|neon|snowflake|dbt(?: cloud)?|fivetran|dagster|prefect", r"//cloud\.(?:mongodb\.com|getdbt\.com)/"),
)  # fmt: skip


def _row(source: str, names: str, urls: str, *, posts_results: bool) -> Sender:
    return Sender(
        source=source,
        names=words(rf"^(?:{names})(?![a-z])|(?<![a-z])(?:{names})(?: bot| alerts?| notifications?)?$"),
        urls=words(urls),
        posts_results=posts_results,
        monitors=not posts_results,
        links_home=True,
    )


SENDERS = (
    *(_row(*each, posts_results=True) for each in _POSTS_RESULTS),
    *(_row(*each, posts_results=False) for each in _MONITORS),
)
_OTHERS = words(
    r"\b(?:jira|confluence|trello|asana|linear|notion|clickup|geek-?bot|stand-?up\w{0,4}|daily-?bot|polly|simple poll|donut|"
    r"google (?:calendar|drive)|outlook|zoom|giphy|miro|figma|loom|workday|bamboohr|rss|twitter|intercom|zendesk|"
    r"hub ?spot|salesforce|stripe|type ?form|launch ?darkly|calendar)\b"
)
_OTHER_APP_IDS = frozenset({"A2RPP3NFR"})  # Jira Cloud: talks about failures all day, reports none


def is_no_reporter(app_id: str, name: str) -> bool:
    """Whether the app speaks of failures without reporting any: trackers, stand-ups, calendars."""
    return app_id in _OTHER_APP_IDS or _OTHERS.search(name) is not None
