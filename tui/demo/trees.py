"""File trees that several of the sample images share."""

from __future__ import annotations

from tui.demo.layers import Tree

_USERS = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""

_GROUP = """\
root:x:0:
daemon:x:1:
tty:x:5:
mail:x:8:
shadow:x:42:
www-data:x:33:
staff:x:50:
users:x:100:
nogroup:x:65534:
"""

_COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: {package}

Files: *
Copyright: the authors of {package}
License: GPL-3+
 This program is free software: you can redistribute it and/or modify
 it under the terms of the GNU General Public License as published by
 the Free Software Foundation, either version 3 of the License, or
 (at your option) any later version.
"""

_STATUS = """\
Package: {package}
Status: install ok installed
Priority: required
Section: base
Architecture: {machine}
Version: {version}
Maintainer: Debian Developers <debian-devel@lists.debian.org>
Description: part of the base system
"""

DEBIAN_PACKAGES = {
    "adduser": "3.134",
    "apt": "2.6.1",
    "base-files": "12.4+deb12u12",
    "base-passwd": "3.6.1",
    "bash": "5.2.15-2+b9",
    "coreutils": "9.1-1",
    "dash": "0.5.12-2",
    "debconf": "1.5.82",
    "debian-archive-keyring": "2023.3+deb12u2",
    "diffutils": "1:3.8-4",
    "dpkg": "1.21.22",
    "findutils": "4.9.0-4",
    "grep": "3.8-5",
    "gzip": "1.12-1",
    "hostname": "3.23+nmu1",
    "libc6": "2.36-9+deb12u13",
    "login": "1:4.13+dfsg1-1+deb12u1",
    "mawk": "1.3.4.20200120-3.1",
    "ncurses-base": "6.4-4",
    "perl-base": "5.36.0-7+deb12u3",
    "sed": "4.9-1",
    "tar": "1.34+dfsg-1.2+deb12u1",
    "tzdata": "2025b-0+deb12u2",
    "util-linux": "2.38.1-5+deb12u3",
    "zlib1g": "1:1.2.13.dfsg-1",
}

_TRIPLES = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu", "arm": "arm-linux-gnueabihf"}

_PROGRAMS = (
    "cat",
    "chmod",
    "cp",
    "date",
    "dd",
    "df",
    "echo",
    "grep",
    "ln",
    "ls",
    "mkdir",
    "mv",
    "rm",
    "sed",
    "tar",
)


def debian(codename: str, version: str, machine: str, *, slim: bool = False, size: int = 600_000) -> Tree:
    """Return a Debian root file system.

    Args:
        codename: Of the release ("bookworm").
        version: Of the release ("12.12").
        machine: Architecture.
        slim: Whether documentation and translations are left out.
        size: Bytes of its largest file.
    """
    triple = _TRIPLES[machine]
    tree = Tree()
    for name in ("bin", "lib", "sbin"):
        tree.link(name, f"usr/{name}")
    for name in (
        "boot",
        "dev",
        "home",
        "media",
        "mnt",
        "opt",
        "proc",
        "run",
        "srv",
        "sys",
        "var/log",
        "var/tmp",
    ):
        tree.directory(name)
    tree.directory("root", 0o700).directory("tmp", 0o1777)
    tree.device("dev/null", 1, 3)
    release = version.partition(".")[0]
    os_release = (
        f'PRETTY_NAME="Debian GNU/Linux {release} ({codename})"\n'
        'NAME="Debian GNU/Linux"\n'
        f'VERSION_ID="{release}"\n'
        f'VERSION="{release} ({codename})"\n'
        f"VERSION_CODENAME={codename}\n"
        f"DEBIAN_VERSION_FULL={version}\n"
        'ID=debian\nHOME_URL="https://www.debian.org/"\n'
        'SUPPORT_URL="https://www.debian.org/support"\nBUG_REPORT_URL="https://bugs.debian.org/"\n'
    )
    tree.file("usr/lib/os-release", os_release).link("etc/os-release", "../usr/lib/os-release")
    tree.file("etc/debian_version", f"{version}\n").file("etc/passwd", _USERS).file("etc/group", _GROUP)
    tree.file("etc/shadow", "root:*:20771:0:99999:7:::\n", 0o640)
    tree.file("etc/hostname", "debian\n").file("etc/issue", f"Debian GNU/Linux {release} \\n \\l\n")
    tree.file(
        "etc/apt/sources.list.d/debian.sources",
        f"Types: deb\nURIs: http://debian.example.com/debian\nSuites: {codename} {codename}-updates\n"
        "Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
    )
    tree.file("root/.bashrc", "# ~/.bashrc: executed by bash(1) for non-login shells.\n# umask 022\n")
    tree.program("usr/bin/bash", size // 2, machine=machine).link("usr/bin/sh", "dash")
    tree.program("usr/bin/dash", 9_000, machine=machine)
    for name in _PROGRAMS:
        tree.program(f"usr/bin/{name}", 3_000 + 70 * len(name) ** 2, machine=machine)
    tree.program("usr/bin/perl", size // 3, machine=machine)
    tree.hard_link("usr/bin/perl5.36.0", "usr/bin/perl")
    tree.program(f"usr/lib/{triple}/libc.so.6", size, machine=machine)
    tree.link("usr/lib/ld-linux.so.2", f"{triple}/libc.so.6")
    tree.program(f"usr/lib/{triple}/libz.so.1.2.13", 12_000, machine=machine, mode=0o644)
    tree.link(f"usr/lib/{triple}/libz.so.1", "libz.so.1.2.13")
    status = [
        _STATUS.format(package=one, version=number, machine=machine)
        for one, number in DEBIAN_PACKAGES.items()
    ]
    tree.file("var/lib/dpkg/status", "\n".join(status))
    if not slim:
        for package in DEBIAN_PACKAGES:
            tree.file(f"usr/share/doc/{package}/copyright", _COPYRIGHT.format(package=package))
        for language in ("de", "es", "fr", "ja", "zh_CN"):
            tree.file(f"usr/share/locale/{language}/LC_MESSAGES/bash.mo", f"Language: {language}\n" * 40)
        tree.raw("usr/share/zoneinfo/tzdata.zi", Tree.__name__.encode() * 2_000)
    return tree
