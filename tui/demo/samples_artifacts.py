"""Samples that are no images: a chart, signatures and reports beside an image, a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui.demo.documents import sarif, signature, signature_payload, spdx
from tui.demo.layers import Tree, noise
from tui.demo.recipes import Shelf, Step, stamp, write
from tui.demo.samples_library import bookworm_slim
from tui.demo.storage import OCI_MANIFEST
from tui.demo.trees import DEBIAN_PACKAGES

if TYPE_CHECKING:
    from tui.demo.recipes import Json
    from tui.demo.storage import Storage

_HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_HELM_PROVENANCE = "application/vnd.cncf.helm.chart.provenance.v1.prov"
_COSIGN_PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"
_TITLE = "org.opencontainers.image.title"

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "hello.fullname" . }}
  labels: {{- include "hello.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicaCount }}
  template:
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
"""


def add_chart(storage: Storage) -> None:
    """Add a Helm chart in several versions, the newest with its provenance file."""
    shelf = Shelf(storage, "charts/hello")
    for version, days_ago in (("0.1.0", 200), ("0.2.0", 150), ("1.0.0", 60), ("1.1.0-rc.1", 8), ("1.1.0", 3)):
        about = {
            "apiVersion": "v2",
            "appVersion": "2.3.1",
            "description": "Says hello from a cluster",
            "home": "https://charts.example.com/hello",
            "keywords": ["hello", "example"],
            "maintainers": [{"name": "Alice Example", "email": "alice@example.com"}],
            "name": "hello",
            "type": "application",
            "version": version,
        }
        tree = Tree().file(
            "hello/Chart.yaml", "".join(f"{key}: {json.dumps(value)}\n" for key, value in about.items())
        )
        tree.file(
            "hello/values.yaml", "replicaCount: 2\nimage:\n  repository: team/backend/api\n  tag: v2.3.1\n"
        )
        tree.file("hello/templates/deployment.yaml", _DEPLOYMENT)
        tree.file(
            "hello/templates/service.yaml", "apiVersion: v1\nkind: Service\nspec:\n  ports:\n    - port: 80\n"
        )
        tree.file(
            "hello/templates/_helpers.tpl", '{{- define "hello.fullname" -}}{{ .Release.Name }}{{- end }}\n'
        )
        tree.file("hello/templates/NOTES.txt", "Hello is running.\n").file(
            "hello/.helmignore", ".git\n*.tmp\n"
        )
        layers = [shelf.blob(tree.pack().data, _HELM_CHART)]
        if version == "1.1.0":
            text = (
                f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: hello\nversion: {version}\n...\n"
            )
            layers.append(shelf.blob(text.encode(), _HELM_PROVENANCE))
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": shelf.blob(write(about, indent=None), _HELM_CONFIG),
            "layers": layers,
            "annotations": {
                "org.opencontainers.image.authors": "Alice Example (alice@example.com)",
                "org.opencontainers.image.created": stamp(days_ago),
                "org.opencontainers.image.description": "Says hello from a cluster",
                _TITLE: "hello",
                "org.opencontainers.image.url": "https://charts.example.com/hello",
                "org.opencontainers.image.version": version,
            },
        }
        shelf.manifest(document, tags=[version])


def add_signed(storage: Storage) -> None:
    """Add an image that others refer to: an SBOM, itself signed, a signature and a scanner's report."""
    shelf = Shelf(storage, "artifacts/signed-app")
    program = Tree().program("usr/local/bin/signed-app", 620_000).pack()
    steps = [
        bookworm_slim("amd64"),
        Step("COPY signed-app /usr/local/bin/ # buildkit", program),
        Step('CMD ["signed-app"]'),
    ]
    image = shelf.image(steps, tags=("1.4.2", "1.4", "latest"), run={"Cmd": ["signed-app"]}, days_ago=15)
    created = {"org.opencontainers.image.created": stamp(15)}

    def attach(kind: str, name: str, data: bytes, subject: Json, media_type: str | None = None) -> Json:
        layer = shelf.blob(data, media_type or kind, {_TITLE: name})
        return shelf.artifact(kind, [layer], subject=subject, annotations=created)

    name = f"127.0.0.1:5000/{shelf.name}"
    sbom = attach(
        "application/spdx+json", "sbom.spdx.json", write(spdx("signed-app-1.4.2", DEBIAN_PACKAGES)), image
    )
    attach("application/sarif+json", "scan.sarif", write(sarif(name)), image)
    for subject in (image, sbom):
        payload = signature_payload(name, subject["digest"])
        signed = {"dev.cosignproject.cosign/signature": signature(payload)}
        layer = shelf.blob(payload, _COSIGN_PAYLOAD, signed)
        shelf.artifact(
            "application/vnd.dev.cosign.artifact.sig.v1+json", [layer], subject=subject, annotations=created
        )
    # The older way to find a signature: a tag made of the image's digest.
    payload = signature_payload(name, image["digest"])
    layer = shelf.blob(payload, _COSIGN_PAYLOAD, {"dev.cosignproject.cosign/signature": signature(payload)})
    tag = image["digest"].replace(":", "-") + ".sig"
    shelf.artifact("application/vnd.dev.cosign.artifact.sig.v1+json", [layer], tags=[tag])


def add_model(storage: Storage) -> None:
    """Add a model for machine learning: files under their own names, one of them large."""
    shelf = Shelf(storage, "artifacts/tiny-llm")
    kind = "application/vnd.cncf.model.manifest.v1+json"
    header = write(
        {"__metadata__": {"format": "pt"}, "model.embed_tokens.weight": {"dtype": "BF16"}}, indent=None
    )
    weights = len(header).to_bytes(8, "little") + header + noise("weights", 12_000_000)
    files = {
        "model.safetensors": ("application/vnd.cncf.model.weight.v1.raw", weights),
        "tokenizer.json": (
            "application/vnd.cncf.model.weight.config.v1.raw",
            write(
                {
                    "version": "1.0",
                    "model": {"type": "BPE", "vocab": {f"token{one}": one for one in range(4_000)}},
                }
            ),
        ),
        "config.json": (
            "application/vnd.cncf.model.weight.config.v1.raw",
            write({"architectures": ["TinyForCausalLM"], "hidden_size": 256, "num_hidden_layers": 6}),
        ),
        "README.md": (
            "application/vnd.cncf.model.doc.v1.raw",
            b"# tiny-llm\n\nSmall enough to try things with.\n",
        ),
        "LICENSE": ("application/vnd.cncf.model.doc.v1.raw", b"Apache License\nVersion 2.0, January 2004\n"),
    }
    layers = [shelf.blob(data, media_type, {_TITLE: name}) for name, (media_type, data) in files.items()]
    shelf.artifact(kind, layers, tags=("6m", "6m-bf16", "latest"), annotations={_TITLE: "tiny-llm"})
