"""What the palette offers: every key that works, under the name that the line of keys uses, then the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Provider

from tui.screens.dialogs import MOVEMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.command import Hits


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be done."""

    id: str
    name: str
    """As the line of keys shows it."""
    help: str
    """Its key, if it has one, and what it does."""
    run: Callable[[], object]


class KeyCommands(Provider):
    """Offers the actions that have a key on the screen below the palette, and what has none."""

    def _commands(self) -> Iterator[Command]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not active.enabled or binding.system or not binding.tooltip or binding.action in seen:
                continue
            seen.add(binding.action)
            yield Command(
                binding.id or "",
                binding.description,
                f"{self.app.get_key_display(binding)}  {binding.tooltip}",
                partial(self.app.run_action, binding.action, active.node),
            )
        for command in self.app.get_system_commands(self.screen):
            yield Command("", command.title, command.help, command.callback)

    async def discover(self) -> Hits:
        """Offer everything but movement while nothing is typed."""
        for command in self._commands():
            if not command.id.startswith(MOVEMENT):
                yield DiscoveryHit(command.name, command.run, help=command.help)

    async def search(self, query: str) -> Hits:
        """Offer what matches by its name or by what it does."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = max(matcher.match(command.name), matcher.match(command.help))
            if score > 0:
                yield Hit(score, matcher.highlight(command.name), command.run, help=command.help)
