"""Secrets that their context gives away, and the ordinary lines that must stay as they are."""

import pytest

from knowledge.text.redact import redact

WORDS = {
    "plain": "hunt" + "er2",
    "signs": "Rock" + "et$3936saffron",
    "phrase": "breeze-violet-" + "pepper-copper70",
    "tilde": "nwd00" + "1~zAUndceb",
    "short": "S3c" + "r3t!",
}
TOKENS = {
    "hex": "7149d439536b3216" + "fdaeeb975729fae9",
    "base62": "tMovLKw0cBoiS5FkZm" + "WiPurLGhghCPBAfx6yz9Qs",
    "uuid": "23589086-1597-" + "4703-bdfc-a0908b49b2b8",
}

PASSWORD_PLACES = """
password={}
export DB_PASSWORD={}
DB_PASSWORD="{}"
  password: {}
  password: '{}'
{{"password": "{}", "user": "x"}}
{{\\"password\\":\\"{}\\"}}
run --password {} --user x
run --password={}
--from-literal=password={}
MYSQL_ROOT_PASSWORD:        {}
spring.datasource.password={}
Server=x;Password={};Encrypt=true
jdbc:postgresql://h/db?user=u&password={}&ssl=true
postgres://u:{}@db.internal:5432/x
mongodb+srv://u:{}@c.example.net/?retryWrites=true
redis://:{}@cache:6379/0
amqp://guest:{}@mq:5672/
https:\\/\\/u:{}@host.example\\/p
<https://u:{}@host.example/p|label>
mysql -u root -p{} shop
docker login -u x -p {} registry.example
sshpass -p {} ssh x
curl -u admin:{} https://x.example/y
machine x.example login bob password {}
<password>{}</password>
{{"name":"DB_PASSWORD","value":"{}"}}
<add key="DbPassword" value="{}"/>
*Password:* `{}`
password is `{}`
new password `{}`
the password for the replica is {} now
ALTER USER x WITH PASSWORD '{}';
openssl rsa -passin pass:{}
""".strip().splitlines()

TOKEN_PLACES = """
API_TOKEN={}
"token": "{}"
token: {}
X-Api-Key: {}
PRIVATE-TOKEN: {}
X-Vault-Token: {}
Authorization: Bearer {}
-H "Authorization: token {}"
"Authorization": "Bearer {}"
run --token {}
client_secret={}
"clientSecret":"{}"
AWS_SECRET_ACCESS_KEY={}
SECRET_KEY_BASE={}
https://x.example/?access_token={}&page=1
datadog api key: {}
Cookie: theme=<secret:7>; sid={}; lang=<secret:8>
Set-Cookie: session={}; Path=/; HttpOnly
//registry.npmjs.org/:_authToken={}
Endpoint=sb://x;SharedAccessKey={};EntityPath=q
signing key: {}
here is the token {}
API key for grafana: {}
""".strip().splitlines()


@pytest.mark.parametrize("place", PASSWORD_PLACES)
def test_a_password_is_masked_and_the_rest_of_the_line_stays(place: str) -> None:
    for kind, word in WORDS.items():
        assert redact(place.format(word)).text == place.format("<secret:1>"), kind


@pytest.mark.parametrize("place", TOKEN_PLACES)
def test_a_token_is_masked_and_the_rest_of_the_line_stays(place: str) -> None:
    for kind, token in TOKENS.items():
        assert redact(place.format(token)).text == place.format("<secret:1>"), kind


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("postgres://u:p%40ss%2Fw0rd@db/x", "postgres://u:<secret:1>@db/x"),
        ("postgres://u:p@ss/w0rd#1@db.example:5432/x", "postgres://u:<secret:1>@db.example:5432/x"),
        ("next=https%3A%2F%2Fu%3Ahunter2%40h.example", "next=https%3A%2F%2Fu%3A<secret:1>%40h.example"),
        ("a=1&password=b2c3&d=4", "a=1&password=<secret:1>&d=4"),
        ("password=hunter2, retries=3", "password=<secret:1>, retries=3"),
        ('(password: "correct horse battery staple")', '(password: "<secret:1>")'),
        (
            "nexus user: deployer / `vbd789^rsb" + "sBI1k` (url unchanged)",
            "nexus user: deployer / `<secret:1>` (url unchanged)",
        ),
        ("Authorization: Basic Y2ktYm90On" + "JvY2tldC1icmVlemU=", "Authorization: Basic <secret:1>"),
        (
            "X-Trace: 1; Authorization=AWS4 x; password='it\\'s1'",
            "X-Trace: 1; Authorization=AWS4 x; password='<secret:1>'",
        ),
        ("pass\x1b[0mword: \x1b[32mhunter2\x1b[0m", "pass\x1b[0mword: \x1b[32m<secret:1>\x1b[0m"),
        ("\x1b]0;password=hunter2\x07$ ls", "\x1b]0;password=<secret:1>\x07$ ls"),
        ("password=\u00a0hunter2", "password=\u00a0<secret:1>"),
    ],
)
def test_masks_are_as_narrow_as_the_secret(line: str, masked: str) -> None:
    assert redact(line).text == masked


ORDINARY = r"""
commit 6eb6982b710a730a2d9049ac6179ec0d6f5bb257 (HEAD -> main, tag: v1.2.3)
HEAD is now at 6eb6982 fix token refresh
token: ***
https://x-access-token:***@github.com/o/r
password=${DB_PASSWORD}
password: ${{ secrets.DB_PASSWORD }}
password: {{ .Values.db.password }}
TOKEN=$(cat /var/run/token)
run --password "$PASSWORD" --username x
echo "$GITHUB_TOKEN" | docker login ghcr.io -u x --password-stdin
secretName: my-secret
existingSecret: my-db-secret1
imagePullSecrets: [{name: regcred}]
Error: secret "db-password-v2" not found
MountVolume.SetUp failed for volume "creds" : secret "my-secret2" not found
Error: couldn't find key db_password1 in Secret shop/creds
DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false
+ password = (sensitive value)
token_count: 512
max_tokens=4096
tokenizer=bert-base-uncased-v2
"total_tokens": 8123, "eos_token": "</s>"
SyntaxError: Unexpected token < in JSON at position 0
error: token expired at 2026-06-01T12:00:00Z
401 Unauthorized: bad credentials
fatal: Authentication failed for 'https://github.com/org/repo2.git/'
WWW-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io"
Basic functionality1 works as expected
Digest: sha256:48f2203ec2efb514ae948a6a3e227c5fae9b53ed467b3ff77718c1078f8d3df2
"integrity": "sha512-B+bQD4zrgwXFT1+xhtiF0AVwDytXHHXeKCuuq1i3Mz5sCz1W+nP3+pcXTpdSfa+8bLVDJ6MD8SGgg+8lWZRXvt=="
go.sum has h1:GVs2OARFzRznJqDGabOlTBI8DjaxNglYjFZ/WOlAClE= twice
trace id 8a8378185f25f4e8bd3ea329fa07e053 request PLRLWEQ8V8TW1WFQTCRDN0EUWM
correlation id 23589086-1597-2703-bdfc-a0908b49b2b8
maple-velvet-controller-manager-gsmg4sbwq5-5gx47 0/1 CrashLoopBackOff 12 (3m ago) 1h
https://github.com/o/r/actions/runs/19601971965/job/55512345678
Cache restored from key: node-cache-Linux-x64-pnpm-2f29e6d69fa75be118bad9ea83d6269c44
ssh key: SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM
public key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIqhyDGfPfnLW8o4S3BJwxZAQoBoI7NbDIqEommwpaxaD
gpg: using RSA key 4AEE18F83AFDEB234AEE18F83AFDEB234AEE18F8
arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf
def login(user: str, password: str) -> Token:
const token = await getToken();
token := os.Getenv("API_TOKEN")
password=os.environ["DB_PASSWORD1"]
this.password = password;
auth: enabled
passed: 12, failed: 3
--- PASS: TestFoo2 (0.00s)
access_token_url: https://id.example.com/oauth/token
POSTGRES_PASSWORD_FILE: /run/secrets/pg1
private_key_path = "./keys/id_rsa1"
npm warn deprecated inflight@1.0.6: This module is not supported
git@github.com:harbor/rocket.git
ssh://git@github.com:22/org/repo.git
scp a.tgz deploy2@host.example.com:/srv
uses: docker/build-push-action@v5
https://example.com:8080/path@v1.2
image: ghcr.io/org/app:v1.2.3@sha256:48f2203ec2efb514ae948a6a3e227c5fae9b53ed467b3ff77718c1078f8d3df2
at com.foo.security.TokenAuthenticationFilter2.doFilter(TokenAuthenticationFilter2.java:123)
password=changeme
api_key=<your-api-key>
cookies: enabled
no PEM start line: expecting "-----BEGIN PRIVATE KEY-----" here
etag of the file is "546331175a960e877217570a48e24630-17"
Using --password via the CLI is insecure. Use --password-stdin.
docker run --network-alias mysql -p 3306:3306 -u 1000:1000 mysql
Password must be at least 8 characters
secret is called `mosaic-db-password` in both namespaces
the api key is missing in env2
2025 2026 2027 2028 2029
see HEAD~10 and login flow, user foo^2
failed login for user%40example
secrets: inherit
KeyError: 'api_token1'
{"password":null,"token":"","secret":false}
2026-06-01 ERROR auth.service: user=alice session=closed ip=10.1.2.3
""".strip().splitlines()


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_stays_byte_for_byte(line: str) -> None:
    masked = redact(line)
    assert (masked.text, masked.count, masked.kinds) == (line, 0, ())


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("mail anna.b" + "oe@mailbox.example please", "mail <secret:1> please"),
        ("<mailto:a.b@x.example|a.b@x.example>", "<mailto:<secret:1>|<secret:1>>"),
        ("card 4539 5735 " + "8746 5731, exp 11/28", "card <secret:1>, exp 11/28"),
        ("i called him at +351 912 " + "3968637", "i called him at <secret:1>"),
        ("refund to PL644957014736" + "89652161 , thanks", "refund to <secret:1> , thanks"),
    ],
)
def test_personal_data_is_masked_unless_it_is_asked_to_stay(line: str, masked: str) -> None:
    assert redact(line).text == masked
    assert redact(line, personal=False).text == line


def test_service_accounts_are_no_persons() -> None:
    line = "ci@velvet-timber-262.iam.gserviceaccount.com lacks storage.objects.get; noreply@github.com"
    assert redact(line).text == line
