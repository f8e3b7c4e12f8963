"""The dialog in which one logs in to a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui.client.errors import RegistryError, UnauthorizedError
from tui.credentials import CredentialsError, KeyringError, Kind, Login, Secret, make_login
from tui.sanitize import multi_line, one_line
from tui.screens.dialogs import Dialog
from tui.widgets.clean_input import CleanInput
from tui.widgets.tick import Tick
from tui.wording import sentence, told

if TYPE_CHECKING:
    import rich.repr
    from textual.app import ComposeResult

    from tui.client import RegistryHost
    from tui.session import Session

KEYRING_OWN = frozenset({"keyring", "this run"})
"""Sources of logins that this program keeps, and so can forget."""


class SecretInput(Input):
    """A line for a secret: what is typed shows nowhere, not in a description of the widget either."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id, password=True, compact=True)

    def __rich_repr__(self) -> rich.repr.Result:
        yield "id", self.id

    def take(self) -> Secret:
        """Return what was typed."""
        return Secret(self.value)


class LoginScreen(ModalScreen[bool]):
    """Asks for a login, checks it against the registry, and keeps it; tells whether logins have changed."""

    DEFAULT_CSS = """
    LoginScreen { align: center middle; }
    LoginScreen .label { color: $text-muted; }
    LoginScreen .where { color: $text-muted; margin-bottom: 1; }
    LoginScreen .state { margin-top: 1; color: $text-muted; display: none; }
    LoginScreen .state.-there { display: block; }
    LoginScreen .state.-wrong { color: $text-error; }
    LoginScreen #user { margin-bottom: 1; }
    LoginScreen Tick { margin-top: 1; }
    LoginScreen Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    LoginScreen Button { margin-left: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "cancel", id="login.cancel", tooltip="Log in nowhere"),
        Binding("down", "app.focus_next", show=False, id="login.next", tooltip="Go to the next field"),
        Binding(
            "up", "app.focus_previous", show=False, id="login.previous", tooltip="Go to the previous field"
        ),
    ]

    def __init__(self, session: Session, host: RegistryHost) -> None:
        super().__init__()
        self.session = session
        self.host = host
        self._present = session.logins.peek(host)
        self._where = Static(classes="where")
        self._user = CleanInput(id="user", compact=True)
        self._secret = SecretInput(id="secret")
        self._is_token = Tick("it is an identity token")
        self._state = Static(classes="state")
        # What the registry has accepted while the keyring has not answered yet.
        self._accepted: Login | None = None

    def compose(self) -> ComposeResult:
        with Dialog() as dialog:
            dialog.border_title = Content(f"Log in to {self.host}")
            dialog.border_subtitle = "enter check and keep  esc cancel"
            yield self._where
            yield Static("user", classes="label")
            yield self._user
            yield Static("password or token", classes="label")
            yield self._secret
            yield self._is_token
            yield self._state
            with Horizontal():
                if self._present is not None and self._present.source in KEYRING_OWN:
                    yield Button("Log out", id="forget", compact=True)
                yield Button("This run only", id="run", compact=True)
                yield Button("Check and keep", id="keep", compact=True)

    def on_mount(self) -> None:
        self._tell_where("…")
        self._ask_keyring()

    @work(group="keyring", description="ask for the keyring's name")
    async def _ask_keyring(self) -> None:
        try:
            name = await self.session.logins.keyring_name()
        except KeyringError as error:
            self._tell_where(told(error))
            self.query_one("#keep", Button).disabled = True
            self.query_one(Dialog).border_subtitle = "enter check and use  esc cancel"
        else:
            self._tell_where(f"It will be kept in {name}.")

    def _tell_where(self, text: str) -> None:
        now = f"Now: {self._present.label}\n" if self._present is not None else ""
        self._where.update(Content(multi_line(now + text, 600)))

    # Trying.

    @on(Input.Submitted, "#user")
    def _go_on_to_secret(self, event: Input.Submitted) -> None:
        event.stop()
        self._secret.focus()

    @on(Input.Submitted, "#secret")
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self._begin(keep=not self.query_one("#keep", Button).disabled)

    @on(Button.Pressed, "#keep")
    def _check_and_keep(self) -> None:
        self._begin(keep=True)

    @on(Button.Pressed, "#run")
    def _use_for_this_run(self) -> None:
        self._begin(keep=False)

    @work(group="login", exclusive=True, description="check a login and keep it")
    async def _begin(self, *, keep: bool) -> None:
        kind = Kind.IDENTITY_TOKEN if self._is_token.value else None
        try:
            login = make_login(self._user.value.strip(), self._secret.take(), kind)
            self._say(f"asking {self.host} …")
            checked = await self.session.connections.check_login(self.host, login)
        except UnauthorizedError:
            self._say(f"{self.host} refuses this login. Enter another one.", wrong=True)
            self._secret.focus()
            return
        except (RegistryError, CredentialsError) as error:
            self._say(told(error), wrong=True)
            return
        if await self._keep(login, keep=keep):
            if not checked:
                self.notify(
                    f"{self.host} lets everybody in, so the login could not be checked.", markup=False
                )
            self.dismiss(True)  # noqa: FBT003  # the dialog's answer

    async def _keep(self, login: Login, *, keep: bool) -> bool:
        if not keep:
            self.session.logins.keep_for_run(self.host, login)
            return True
        self._say("The registry accepts it. Waiting for the keyring …  esc keeps it for this run only")
        self._accepted = login
        try:
            await self.session.logins.keep(self.host, login)
        except KeyringError as error:
            self._accepted = None
            self._say(f"{sentence(str(error))} Use it for this run only, or cancel.", wrong=True)
            self.query_one("#run", Button).focus()
            return False
        return True

    def action_leave(self) -> None:
        """Leave; a login that waits for the keyring is used for this run."""
        accepted = self._accepted
        self.workers.cancel_group(self, "login")
        if accepted is not None:
            self.session.logins.keep_for_run(self.host, accepted)
        self.dismiss(accepted is not None)

    @on(Button.Pressed, "#forget")
    def _log_out(self) -> None:
        self._forget()

    @work(group="login", exclusive=True, description="forget a login")
    async def _forget(self) -> None:
        self._say("Waiting for the keyring …")
        try:
            await self.session.logins.forget(self.host)
        except KeyringError as error:
            self._say(told(error), wrong=True)
        else:
            self.dismiss(True)  # noqa: FBT003  # the dialog's answer

    @on(Input.Changed)
    def _forget_complaint(self) -> None:
        self._state.remove_class("-there")

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self._state.update(Content(one_line(text, limit=600)))
        self._state.set_class(wrong, "-wrong")
        self._state.add_class("-there")
