"""A registry in memory with sample images, served on loopback over the real protocol."""

from tui.demo.application import LoggedRequest, application
from tui.demo.login import BasicLogin, BearerLogin
from tui.demo.samples import build_samples
from tui.demo.server import DemoServer
from tui.demo.storage import Storage

__all__ = [
    "BasicLogin",
    "BearerLogin",
    "DemoServer",
    "LoggedRequest",
    "Storage",
    "application",
    "build_samples",
]
