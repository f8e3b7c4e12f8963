from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
from typing import Any

import pytest
import zstandard

from tests.demo.content import OCI_INDEX, OCI_MANIFEST, sha256
from tui.demo import Storage, build_samples
from tui.demo.grammar import digest_of, is_name, is_tag

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
IMAGE_CONFIGS = {
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
}

Json = dict[str, Any]


@pytest.fixture(scope="module")
def samples() -> Storage:
    return build_samples()


def document(storage: Storage, name: str, reference: str) -> Json:
    stored = storage.get_manifest(name, reference)
    assert stored is not None, f"{name} has no {reference}"
    found: Json = json.loads(stored.data)
    return found


def manifests(storage: Storage) -> list[tuple[str, str, str, Json]]:
    """Return repository, digest, media type and document of everything that can be reached from tags."""
    found = {}
    for name in storage.repositories():
        waiting = list(storage.tags(name))
        while waiting:
            reference = waiting.pop()
            stored = storage.get_manifest(name, reference)
            if stored is None or (name, stored.digest) in found:
                continue
            content = json.loads(stored.data)
            found[name, stored.digest] = (name, stored.digest, stored.media_type, content)
            waiting += [child["digest"] for child in content.get("manifests", [])]
            waiting += [one.digest for one in storage.referrers(name, stored.digest)]
    return list(found.values())


def unpacked(data: bytes, media_type: str) -> bytes:
    if media_type.endswith("gzip"):
        return gzip.decompress(data)
    return zstandard.ZstdDecompressor().decompress(data) if media_type.endswith("zstd") else data


def entries(storage: Storage, name: str, reference: str, layer: int) -> dict[str, tarfile.TarInfo]:
    described = document(storage, name, reference)["layers"][layer]
    data = storage.get_blob(name, described["digest"])
    assert data is not None
    with tarfile.open(fileobj=io.BytesIO(unpacked(data, described["mediaType"]))) as archive:
        return {entry.name: entry for entry in archive}


def test_every_call_gives_a_storage_of_its_own() -> None:
    first, second = build_samples(), build_samples()
    first.delete_repository("library/debian")
    first.put_blob("library/busybox", b"new")
    first.delete_tag("demo/nested", "latest")
    assert "library/debian" in second.repositories()
    assert second.get_blob("library/busybox", sha256(b"new")) is None
    assert "latest" in second.tags("demo/nested")


def test_names_and_tags_follow_the_grammar(samples: Storage) -> None:
    assert all(is_name(name) for name in samples.repositories())
    assert all(is_tag(tag) for name in samples.repositories() for tag in samples.tags(name))


def test_every_digest_is_that_of_its_bytes(samples: Storage) -> None:
    for name, digest, media_type, _content in manifests(samples):
        stored = samples.get_manifest(name, digest)
        assert stored is not None
        if media_type != SCHEMA1:
            assert digest_of(stored.data, digest.partition(":")[0]) == digest


def test_every_descriptor_describes_what_is_there(samples: Storage) -> None:
    absent = set()
    for name, _digest, _media_type, content in manifests(samples):
        for child in content.get("manifests", []):
            stored = samples.get_manifest(name, child["digest"])
            if stored is None:
                absent.add(name)
                continue
            assert child["size"] == len(stored.data)
            assert child["mediaType"] == stored.media_type
        for blob in [content.get("config"), *content.get("layers", [])]:
            if blob is None or "urls" in blob:
                continue
            data = samples.get_blob(name, blob["digest"])
            assert data is not None, f"{name} lacks {blob['digest']}"
            assert blob["size"] == len(data)
            assert blob["digest"] == digest_of(data)
    assert absent == {"demo/missing-child"}


def test_configs_fit_their_layers(samples: Storage) -> None:
    images = 0
    for name, _digest, _media_type, content in manifests(samples):
        config = content.get("config", {})
        layers = content.get("layers", [])
        if config.get("mediaType") not in IMAGE_CONFIGS or any("urls" in layer for layer in layers):
            continue
        data = samples.get_blob(name, config["digest"])
        assert data is not None
        read = json.loads(data)
        diff_ids = []
        for layer in layers:
            packed = samples.get_blob(name, layer["digest"])
            assert packed is not None
            diff_ids.append(sha256(unpacked(packed, layer["mediaType"])))
        assert read["rootfs"]["diff_ids"] == diff_ids
        if "history" in read:
            assert len([step for step in read["history"] if not step.get("empty_layer")]) == len(layers)
        images += 1
    assert images > 80


def test_every_layer_is_an_archive(samples: Storage) -> None:
    packings = set()
    for name, _digest, _media_type, content in manifests(samples):
        for layer in content.get("layers", []):
            if ".tar" not in layer["mediaType"] or "urls" in layer:
                continue
            data = samples.get_blob(name, layer["digest"])
            assert data is not None
            with tarfile.open(fileobj=io.BytesIO(unpacked(data, layer["mediaType"]))) as archive:
                assert all(entry.mtime == 1_795_252_320 for entry in archive)
            packings.add(layer["mediaType"].rpartition(".")[2])
    assert packings == {"tar+gzip", "tar+zstd", "tar", "gzip"}


def test_the_same_bytes_come_out_every_time(samples: Storage) -> None:
    script = (
        "from tui.demo import build_samples\n"
        "s = build_samples()\n"
        "print(*(s.get_manifest(n, t).digest for n in s.repositories() for t in s.tags(n)), sep='\\n')\n"
    )
    command = [sys.executable, "-c", script]
    environment = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    here = [samples.get_manifest(name, tag) for name in samples.repositories() for tag in samples.tags(name)]
    assert done.stdout.split() == [one.digest for one in here if one is not None]


def test_debian_has_three_platforms_each_with_an_attestation(samples: Storage) -> None:
    assert {"bookworm", "bookworm-slim", "trixie", "latest"} <= set(samples.tags("library/debian"))
    index = document(samples, "library/debian", "bookworm")
    assert index["mediaType"] == OCI_INDEX
    images = [one for one in index["manifests"] if one["platform"]["os"] == "linux"]
    attested = [one for one in index["manifests"] if one["platform"]["os"] == "unknown"]
    assert [one["platform"] for one in images] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux", "variant": "v8"},
        {"architecture": "arm", "os": "linux", "variant": "v7"},
    ]
    for image, attestation in zip(images, attested, strict=True):
        assert attestation["annotations"] == {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image["digest"],
        }
        layers = document(samples, "library/debian", attestation["digest"])["layers"]
        assert {layer["mediaType"] for layer in layers} == {"application/vnd.in-toto+json"}
        for layer in layers:
            data = samples.get_blob("library/debian", layer["digest"])
            assert data is not None
            statement = json.loads(data)
            assert statement["predicateType"] == layer["annotations"]["in-toto.io/predicate-type"]
            assert f"sha256:{statement['subject'][0]['digest']['sha256']}" == image["digest"]


def test_a_root_file_system_looks_like_one(samples: Storage) -> None:
    image = document(samples, "library/debian", "bookworm")["manifests"][0]
    found = entries(samples, "library/debian", image["digest"], 0)
    assert found["bin"].issym()
    assert found["etc/os-release"].linkname == "../usr/lib/os-release"
    assert found["usr/lib/os-release"].isreg()
    assert found["usr/bin/perl5.36.0"].islnk()
    assert found["dev/null"].ischr()
    assert found["tmp"].mode == 0o1777
    assert found["usr/bin/bash"].mode == 0o755


def test_later_layers_remove_and_hide_files(samples: Storage) -> None:
    image = document(samples, "team/backend/api", "latest")["manifests"][0]
    assert len(document(samples, "team/backend/api", image["digest"])["layers"]) == 7
    found = entries(samples, "team/backend/api", image["digest"], -1)
    assert {"usr/share/.wh.doc", "var/cache/apt/.wh..wh..opq"} <= set(found)


def test_layers_differ_much_in_size(samples: Storage) -> None:
    image = document(samples, "library/golang", "latest")["manifests"][0]
    sizes = [layer["size"] for layer in document(samples, "library/golang", image["digest"])["layers"]]
    assert min(sizes) < 200
    assert max(sizes) > 2_000_000


def test_there_are_zstd_layers_and_mixed_ones(samples: Storage) -> None:
    layers = document(samples, "library/fedora", "mixed")["layers"]
    assert [layer["mediaType"].rpartition(".")[2] for layer in layers] == ["tar+gzip", "tar+zstd", "tar"]


def test_one_repository_has_1200_tags(samples: Storage) -> None:
    tags = samples.tags("demo/many-tags")
    assert len(tags) == 1_200
    assert {"v1.0.0", "v1.59.19"} <= set(tags)


def test_an_index_may_hold_indexes(samples: Storage) -> None:
    outer = document(samples, "demo/nested", "latest")["manifests"]
    assert [one["mediaType"] for one in outer] == [OCI_INDEX, OCI_MANIFEST]
    inner = document(samples, "demo/nested", outer[0]["digest"])["manifests"]
    assert {one["mediaType"] for one in inner} == {OCI_INDEX}
    assert {
        one["mediaType"] for one in document(samples, "demo/nested", inner[0]["digest"])["manifests"]
    } == {OCI_MANIFEST}


def test_children_may_be_absent(samples: Storage) -> None:
    children = document(samples, "demo/missing-child", "latest")["manifests"]
    there = [samples.get_manifest("demo/missing-child", one["digest"]) is not None for one in children]
    assert there == [True, False, False]


def test_an_image_has_referrers_and_they_have_their_own(samples: Storage) -> None:
    name = "artifacts/signed-app"
    image = samples.get_manifest(name, "1.4.2")
    assert image is not None
    referrers = {one.artifact_type: one for one in samples.referrers(name, image.digest)}
    assert set(referrers) == {
        "application/spdx+json",
        "application/sarif+json",
        "application/vnd.dev.cosign.artifact.sig.v1+json",
    }
    assert len(samples.referrers(name, referrers["application/spdx+json"].digest)) == 1
    assert image.digest.replace(":", "-") + ".sig" in samples.tags(name)


def test_the_chart_is_one(samples: Storage) -> None:
    chart = document(samples, "charts/hello", "1.1.0")
    assert chart["config"]["mediaType"] == "application/vnd.cncf.helm.config.v1+json"
    assert [layer["mediaType"] for layer in chart["layers"]] == [
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        "application/vnd.cncf.helm.chart.provenance.v1.prov",
    ]
    assert {"hello/Chart.yaml", "hello/values.yaml"} <= set(entries(samples, "charts/hello", "1.1.0", 0))


def test_a_download_takes_a_moment(samples: Storage) -> None:
    sizes = [layer["size"] for layer in document(samples, "artifacts/tiny-llm", "latest")["layers"]]
    assert max(sizes) > 10_000_000


def test_old_and_odd_documents_are_there(samples: Storage) -> None:
    name = "demo/unusual"
    assert "mediaType" not in document(samples, name, "no-media-type")
    assert document(samples, name, "foreign-layer")["layers"][0]["urls"]
    assert document(samples, name, "sha512-index")["manifests"][0]["digest"].startswith("sha512:")
    assert document(samples, name, "empty-index")["manifests"] == []
    assert samples.tags("demo/empty") == ()
    assert document(samples, "library/hello-world", "linux")["mediaType"] == DOCKER_LIST
    assert document(samples, "library/busybox", "latest")["mediaType"] == DOCKER_MANIFEST


def test_the_first_schemas_digest_covers_the_payload_alone(samples: Storage) -> None:
    stored = samples.get_manifest("demo/unusual", "schema1")
    assert stored is not None
    assert stored.media_type == SCHEMA1
    signatures = json.loads(stored.data)["signatures"]
    assert len(signatures) == 1
    payload = re.sub(rb',\n   "signatures": \[.*\]', b"", stored.data, flags=re.DOTALL)
    assert f"sha256:{hashlib.sha256(payload).hexdigest()}" == stored.digest


def test_annotations_come_in_every_kind(samples: Storage) -> None:
    annotations = document(samples, "demo/annotated", "latest")["annotations"]
    assert "\n" in annotations["com.example.build.log"]
    assert annotations["com.example.empty"] == ""
    assert len(annotations["com.example.long"]) > 2_000
    assert not annotations["com.example.scripts"].isascii()
    assert any(len(name) > 70 for name in samples.repositories())
    assert any(len(tag) == 128 for name in samples.repositories() for tag in samples.tags(name))
