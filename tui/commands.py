"""What the palette offers beside themes: every key that works, under the name that the footer uses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.command import Hits


class KeyCommands(Provider):
    """Offers the actions that have a key on the screen below the palette."""

    def _actions(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not active.enabled or binding.system or not binding.tooltip or binding.action in seen:
                continue
            seen.add(binding.action)
            run = partial(self.app.run_action, binding.action, active.node)
            yield binding.description, binding.tooltip, run

    async def discover(self) -> Hits:
        """Offer everything while nothing is typed."""
        for name, tooltip, run in self._actions():
            yield DiscoveryHit(name, run, help=tooltip)

    async def search(self, query: str) -> Hits:
        """Offer what matches by its name or by what it does."""
        matcher = self.matcher(query)
        for name, tooltip, run in self._actions():
            score = max(matcher.match(name), matcher.match(tooltip))
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=tooltip)
