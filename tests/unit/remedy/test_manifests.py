"""What is certainly wrong in a manifest and the same line put right; and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.remedy.manifests.mend import mends, one_slip, quantity_of
from bot.remedy.manifests.scan import entries
from tests.fakes.delivery_world import GOOD

SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: {app: shop}
  ports:
  - name: http
    port: 80
    targetPort: "8080"
"""
FULL = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  labels:
    app: shop
    version: "1"
  annotations: {note: 3}
spec:
  replicas: 3 # three
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      initContainers:
      - name: wait
        image: busybox:1
      containers:
      - name: app
        image: "registry.example/shop:1"
        args: ["--level", "3"]
        command:
        - sh
        - -c
        - |
          replicas: "3"
          port: "80"
        env:
        - name: LEVEL
          value: "3"
        - name: FROM
          valueFrom:
            fieldRef: {fieldPath: metadata.name}
        ports:
        - containerPort: 8080
        livenessProbe:
          httpGet:
            path: /
            port: http
          periodSeconds: 10
        resources:
          limits:
            memory: 256Mi
            cpu: "1"
          requests: {memory: 128Mi}
        volumeMounts:
        - name: data
          mountPath: /data
          readOnly: true
      volumes:
      - name: data
        emptyDir: {}
"""


def lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines())


def changed(old: str, new: str, text: str = FULL) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


@pytest.mark.parametrize("text", [FULL, GOOD, SERVICE, FULL + "---\n" + SERVICE])
def test_a_good_manifest_is_left_alone(text: str) -> None:
    assert mends(lines(text), ()) == ()


SLIPS = [
    ("replicas: 3 # three", 'replicas: "3" # three', "replicas is a number"),
    ("replicas: 3 # three", "replicas: '3' # three", "replicas is a number"),
    ("containerPort: 8080", 'containerPort: "8080"', "containerPort is a number"),
    ("periodSeconds: 10", 'periodSeconds: "10"', "periodSeconds is a number"),
    ("readOnly: true", 'readOnly: "true"', "readOnly is true or false"),
    ('value: "3"', "value: 3", "stands in quotes"),
    ('version: "1"', "version: 1", "stands in quotes"),
    ("memory: 256Mi", "memory: 256Mx", "256Mi is how"),
    ("memory: 256Mi", "memory: 256 Mi", "256Mi is how"),
    ("memory: 256Mi", "memory: 256MiB", "256Mi is how"),
    ("memory: 256Mi", "memory: 256mi", "256Mi is how"),
    ("containers:\n      - name: app", "contaners:\n      - name: app", "called containers"),
    ("replicas: 3 # three", "replica: 3 # three", "called replicas"),
    ("      containers:\n", "      Containers:\n", "called containers"),
    ("mountPath: /data", "mountpath: /data", "called mountPath"),
    ("livenessProbe:", "livenesProbe:", "called livenessProbe"),
    ('image: "registry.example/shop:1"', 'imgae: "registry.example/shop:1"', "called image"),
    ("apiVersion: apps/v1", "apiVersion: extensions/v1beta1", "apiVersion apps/v1"),
    ("kind: Deployment", "kind: Deploymnet", "called Deployment"),
    ("  template:\n", "\ttemplate:\n", "no tab"),
]


@pytest.mark.parametrize(("right", "wrong", "why"), SLIPS, ids=[wrong.strip() for _, wrong, _ in SLIPS])
def test_a_slip_is_mended_to_the_very_line(right: str, wrong: str, why: str) -> None:
    text = changed(right, wrong)
    found = mends(lines(text), ())
    assert len(found) == 1, found
    (mend,) = found
    after = list(lines(text))
    assert after[mend.line - 1] == mend.old
    after[mend.line - 1] = mend.new
    assert [a.replace("'", '"') for a in after] == list(lines(FULL))
    assert why in mend.why


def test_a_slip_that_was_there_when_it_worked_is_not_what_broke_it() -> None:
    text = changed("replicas: 3 # three", 'replicas: "3" # three')
    assert mends(lines(text), lines(text)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("replicas: 3 # three", "replicas: three"),
        ("replicas: 3 # three", 'replicas: "{{ .Values.replicas }}"'),
        ("replicas: 3 # three", "replicas: &n 3"),
        ("memory: 256Mi", "memory: lots"),
        ("memory: 256Mi", "memory: 256Q"),
        ("memory: 256Mi", "memory: <secret:1>"),
        ("memory: 256Mi", "memory: 256Mx # <secret:1>"),
        ("kind: Deployment", "kind: Rollout"),
        ("livenessProbe:", "lifenesProbes:"),
        ('value: "3"', "value: three"),
        ("note: 3", "note: 4"),
    ],
)
def test_what_is_not_certain_is_left_alone(old: str, new: str) -> None:
    assert mends(lines(changed(old, new)), ()) == ()


def test_a_field_is_not_called_what_stands_beside_it_already() -> None:
    assert mends(lines(changed("replicas: 3 # three", "replicas: 3\n  replica: 4")), ()) == ()


def test_so_many_slips_are_no_slip() -> None:
    for count, kept in ((5, 5), (6, 0)):
        text = changed("containerPort: 8080", "\n        - ".join(f'containerPort: "{n}"' for n in range(count)))
        assert len(mends(lines(text), ())) == kept


def test_configuration_data_is_text_and_a_custom_kind_is_not_judged() -> None:
    data = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  port: 80\n  on: true\n  text: a\n"
    assert [mend.new for mend in mends(lines(data), ())] == ['  port: "80"', '  on: "true"']
    custom = 'apiVersion: example.com/v1\nkind: Widget\nspec:\n  replicas: "3"\n  memory: 1GB\n'
    assert mends(lines(custom), ()) == ()


@pytest.mark.parametrize(
    ("text", "resource", "right"),
    [
        ("512MB", "memory", "512M"),
        ("512Mb", "memory", "512M"),
        ("1G i", "memory", "1Gi"),
        ("1gb", "memory", ""),
        ("1GB", "memory", "1G"),
        ("1gi", "memory", "1Gi"),
        ("64kB", "memory", "64k"),
        ("64KiB", "memory", "64Ki"),
        ("1,5Gi", "memory", "1.5Gi"),
        ("0,5", "cpu", "0.5"),
        ("500M", "cpu", ""),
        ("500 m", "cpu", "500m"),
        ("2 cores", "cpu", ""),
        ("256Mi", "memory", ""),
        ("-5Mi", "memory", ""),
        ("", "memory", ""),
    ],
)
def test_quantities(text: str, resource: str, right: str) -> None:
    assert quantity_of(text, resource) == right


@pytest.mark.parametrize(
    ("wrong", "right", "slip"),
    [
        ("image", "image", False),
        ("imag", "image", True),
        ("iamge", "image", True),
        ("images", "image", True),
        ("IMAGE", "image", True),
        ("imaeg", "image", True),
        ("mage", "image", True),
        ("imagine", "image", False),
        ("os", "or", False),
    ],
)
def test_one_slip(wrong: str, right: str, slip: bool) -> None:
    assert one_slip(wrong, right) is slip


def test_paths_go_through_lists_and_documents() -> None:
    found = {(e.document, ".".join((*e.path, e.key))): e.bare for e in entries(lines(FULL + "---\n" + SERVICE))}
    where = "spec.template.spec.containers.[0]"
    assert found[0, f"{where}.resources.limits.memory"] == "256Mi"
    assert found[0, f"{where}.env.[1].name"] == "FROM"
    assert found[0, f"{where}.env.[0].value"] == "3"
    assert found[1, "spec.ports.[0].targetPort"] == "8080"
    assert not any("replicas" in key for (_, key) in found if key != "spec.replicas")


@given(st.lists(st.text(st.characters(blacklist_characters="\n\r"), max_size=60), max_size=30))
def test_any_text_is_read_without_a_complaint(text: list[str]) -> None:
    for mend in mends(tuple(text), ()):
        assert text[mend.line - 1] == mend.old != mend.new


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "line", ["a: " * 150, "- " * 240, '"' * 490, "{" * 490, "x: |" * 120, " \t" * 240 + "x: 1", "''" * 200]
)
def test_hostile_lines_cost_little(line: str) -> None:
    mends((line,) * 3_000, ())
