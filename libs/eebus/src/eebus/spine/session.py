"""One conversation with one peer over one SHIP connection: dispatch, answers, our requests.

Sans I/O: text goes out through `send`, time comes in as monotonic seconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Protocol

from eebus.spine import merging, serving
from eebus.spine.addresses import NODE_MANAGEMENT, EntityAddress, FeatureAddress
from eebus.spine.datagram import (
    Classifier,
    Cmd,
    Datagram,
    answer,
    cmd,
    read_datagram,
    write_datagram,
)
from eebus.spine.discovery import Change, read_tree
from eebus.spine.errors import DatagramError, ErrorNumber, RefusedError
from eebus.spine.local import BIND, DISCOVERY, SUBSCRIBE, USE_CASES, LocalDevice
from eebus.spine.remote import RemoteDevice, TreeChange
from eebus.spine.tree import Feature
from eebus.spine.values import Item, number, text
from eebus.spine.wishes import RESPONSE_TIME_S, Key, Told, Wish, Wishes, settle

MAX_OPEN_WRITES: Final = 64
MAX_OPEN: Final = 256  # requests without an answer; more wait, a charger with a car gets about 40
_REQUESTS: Final = {SUBSCRIBE: "subscriptionRequest", BIND: "bindingRequest"}
MAX_RESPONSE_TIME_S: Final = 60.0  # a peer may be slow, not make us wait for ever
MAX_CONTENTS: Final = 128  # functions of which a peer's data are kept; a charger has about 25


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a write. error_number None = nothing came."""

    error_number: int | None
    text: str
    seconds: float


class Listener(Protocol):
    """Who wants to know what the peer tells."""

    def discovered(self, now: float) -> None:
        """Take note: the peer's tree is known for the first time on this connection."""

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:
        """Take note: entities went and came."""

    def use_cases_changed(self, now: float) -> None:
        """Take note: the peer's use cases were told."""

    def data_changed(self, feature: Feature, function: str, now: float) -> None:
        """Take note: data of one of the peer's features was told."""


@dataclass(slots=True, eq=False)
class _Open:
    """A request of ours without an answer yet. until: when it is late."""

    sent_at: float
    until: float
    wish: Wish | None = None
    done: Callable[[Answer], None] | None = None


class Session:
    """One peer's SPINE conversation."""

    def __init__(
        self, local: LocalDevice, ski: str, send: Callable[[str], None], listener: Listener
    ) -> None:
        """Prepare a session; `start` begins it."""
        self.local = local
        self.ski = ski
        self.remote = RemoteDevice()
        self.is_discovered = False
        self.ignored = 0  # messages that made no sense
        self._send_text = send
        self._listener = listener
        self._counter = 0
        self._open: dict[int, _Open] = {}
        self._wishes = Wishes()
        self._puzzling: frozenset[EntityAddress] = frozenset()  # use cases of who knows whom

    def start(self, now: float) -> None:
        """Ask for the peer's tree, and become reachable for our own notifies."""
        self.local.sessions[self.ski] = self
        self.local.subscriptions.drop_peer(self.ski)  # what an older connection left
        self.local.bindings.drop_peer(self.ski)
        self._want_read(NODE_MANAGEMENT, NODE_MANAGEMENT, DISCOVERY)
        self._flush(now)

    def close(self, now: float) -> None:
        """End the conversation: forget the peer's links, tell those who wait for an answer."""
        if self.local.sessions.get(self.ski) is self:
            del self.local.sessions[self.ski]
            self.local.subscriptions.drop_peer(self.ski)
            self.local.bindings.drop_peer(self.ski)
        waiting, self._open = self._open, {}
        for each in waiting.values():
            if each.done is not None:
                each.done(Answer(None, "the connection was lost", now - each.sent_at))

    def receive(self, raw: object, now: float) -> None:
        """Take in one SHIP payload. Nonsense is counted and dropped, never raised."""
        try:
            datagram = read_datagram(raw)
        except DatagramError:
            self.ignored += 1
            return
        for command in datagram.cmds:
            self._dispatch(datagram, command, now)
        self._flush(now)

    def tick(self, now: float) -> None:
        """Do what time asks for: give up on late answers, ask again."""
        late = [n for n, each in self._open.items() if now >= each.until]
        for n in late:
            self._resolve(n, None, "no answer in time", now)
        self._flush(now)

    def read(
        self,
        client: Feature,
        server: Feature,
        function: str,
        *,
        again: bool = False,
        done: Told | None = None,
    ) -> None:
        """Read a function, if the peer says it can be read.

        done: called once with whether the answer came, after its data were taken in; the answer
        is to a read that leaves after this call. Never called when the entity goes before.
        """
        operations = server.functions.get(function)
        if operations is not None and operations.read:
            self._want_read(client.address, server.address, function, again=again, done=done)

    def subscribe(self, client: Feature, server: Feature) -> None:
        """Subscribe one of our client features to a peer's server feature."""
        self._link(SUBSCRIBE, client, server)

    def bind(self, client: Feature, server: Feature, *, again: bool = False) -> None:
        """Ask for the right to write a peer's server feature."""
        self._link(BIND, client, server, again=again)

    def is_bound(self, client: Feature, server: Feature) -> bool:
        """Whether the peer granted the binding."""
        return self._wishes.is_granted(self._link_key(BIND, client, server))

    def write(
        self,
        client: Feature,
        server: Feature,
        command: Cmd,
        now: float,
        done: Callable[[Answer], None],
    ) -> None:
        """Write a function; `done` is called exactly once, with the result or why none came."""
        self._flush(now)  # a binding asked for just now must arrive first
        if sum(each.done is not None for each in self._open.values()) >= MAX_OPEN_WRITES:
            done(Answer(None, "too many writes without an answer", 0.0))
            return
        counter = self._send(
            Datagram(
                client.address,
                server.address,
                None,
                Classifier.WRITE,
                (command,),
                wants_answer=True,
            )
        )
        self._open[counter] = _Open(now, self._late_at(server.address, now), done=done)

    def flush(self, now: float) -> None:
        """Send what was wanted since the last call."""
        self._flush(now)

    def notify(self, client: FeatureAddress, feature: Feature, command: Cmd) -> None:
        """Tell the peer's client feature of our feature's data."""
        self._send(Datagram(feature.address, client, None, Classifier.NOTIFY, (command,)))

    def _dispatch(self, datagram: Datagram, command: Cmd, now: float) -> None:
        match datagram.classifier:
            case Classifier.READ | Classifier.WRITE | Classifier.CALL:
                self._serve(datagram, command)
            case Classifier.NOTIFY:
                self._learn(datagram, command, now)
                if datagram.wants_answer:
                    self._send_result(datagram, {"errorNumber": 0})
            case Classifier.REPLY:
                is_answer = self._learn(datagram, command, now)
                number_ = ErrorNumber.NO_ERROR if is_answer else ErrorNumber.GENERAL_ERROR
                self._resolve(datagram.reference, number_, "", now)
            case Classifier.RESULT:
                said = text(command.content, "description") or ""
                told = number(command.content, "errorNumber")
                # what does not say that it is no error is one
                told = ErrorNumber.GENERAL_ERROR if told is None else told
                self._resolve(datagram.reference, told, said, now)
            case None:
                refusal = RefusedError(ErrorNumber.DESTINATION_UNKNOWN, "no known cmdClassifier")
                self._send_result(datagram, refusal.result())

    def _serve(self, datagram: Datagram, command: Cmd) -> None:
        """Answer a request; errors are told even when no answer was asked for."""
        try:
            if datagram.classifier is Classifier.READ:
                reply = serving.read(self.local, self.ski, datagram, command)
                self._send(answer(datagram, self.local.address, Classifier.REPLY, reply))
                return
            if datagram.classifier is Classifier.WRITE:
                serving.write(self.local, self.ski, datagram, command)
            else:
                serving.call(self.local, self.ski, command)
        except RefusedError as refusal:
            self._send_result(datagram, refusal.result())
            return
        if datagram.wants_answer:
            self._send_result(datagram, {"errorNumber": 0})

    def _learn(self, datagram: Datagram, command: Cmd, now: float) -> bool:
        """Take data in. Returns False for what cannot be the answer to a read."""
        source = datagram.source
        if command.name == DISCOVERY:
            return self._learn_tree(command, now)
        if command.name == USE_CASES:
            self.remote.learn_use_cases(command.content)
            self._look_for_unknown_entities()
            self._listener.use_cases_changed(now)
        elif command.function is not None:
            feature = self.remote.feature(source.entity, source.feature)
            if feature is not None and feature.is_server:
                self._learn_data(feature, command, now)
        return True

    def _learn_data(self, feature: Feature, command: Cmd, now: float) -> None:
        name = command.name
        if name not in feature.contents:
            if self.remote.count_contents() >= MAX_CONTENTS:
                return
            if command.is_partial:
                self._reread(feature, name)  # a part of what we never saw in full
        feature.contents[name] = merging.apply(command, feature.content(name))
        self._listener.data_changed(feature, name, now)

    def _learn_tree(self, command: Cmd, now: float) -> bool:
        told = read_tree(command.content)
        if not told.entities:  # no device is without entities: it is asked again
            return False
        changes = self.remote.learn(told, now, partial=command.is_partial)
        for each in changes:
            if each.change is Change.REMOVED:
                self._wishes.drop(each.entity.address)
                self.local.subscriptions.drop_peer(self.ski, each.entity.address)
                self.local.bindings.drop_peer(self.ski, each.entity.address)
        if not command.is_partial and not self.is_discovered and self.remote.entities:
            self.is_discovered = True
            management = self.local.management
            self._link(SUBSCRIBE, management, management, done=self._listens)
            self._want_read(NODE_MANAGEMENT, NODE_MANAGEMENT, USE_CASES)
            self._listener.discovered(now)
        elif changes and not command.is_partial:
            self._want_read(NODE_MANAGEMENT, NODE_MANAGEMENT, USE_CASES, again=True)
        self._listener.tree_changed(changes, now)
        return True

    def _listens(self, granted: bool) -> None:  # noqa: FBT001 - it is Told
        """Look at the tree once more: what came before we listened was told to nobody."""
        if granted:
            self._want_read(NODE_MANAGEMENT, NODE_MANAGEMENT, DISCOVERY, again=True)

    def _look_for_unknown_entities(self) -> None:
        """Read the tree again when use cases are of an entity nobody told us of, once for each."""
        named = {each.entity for each in self.remote.use_cases if each.items and each.entity}
        unknown = frozenset(named - self.remote.entities.keys())
        if self.is_discovered and unknown - self._puzzling:
            self._want_read(NODE_MANAGEMENT, NODE_MANAGEMENT, DISCOVERY, again=True)
        self._puzzling = unknown

    def _reread(self, feature: Feature, function: str) -> None:
        """Read a function in full; the client that asked first asks again."""
        for entity in self.local.entities.values():
            client = entity.client(feature.type)
            if client is not None:
                self.read(client, feature, function, again=True)
                return

    def _resolve(self, reference: int | None, error: int | None, said: str, now: float) -> None:
        found = self._open.pop(reference, None) if reference is not None else None
        if found is None:
            return
        if found.wish is not None:
            # "already subscribed" is the reference's way to say yes
            granted = error == 0 or (error is not None and "already" in said.lower())
            settle(found.wish, now, granted=granted)
        if found.done is not None:
            found.done(Answer(error, said, now - found.sent_at))

    def _link(
        self,
        function: str,
        client: Feature,
        server: Feature,
        *,
        again: bool = False,
        done: Told | None = None,
    ) -> None:
        request: Item = {
            "clientAddress": client.address.on(self.local.address).item(),
            "serverAddress": server.address.on(self.remote.address).item(),
            "serverFeatureType": server.type,
        }
        wish = Wish(
            Classifier.CALL,
            NODE_MANAGEMENT,
            NODE_MANAGEMENT,
            cmd(function, {_REQUESTS[function]: request}),
            about=server.address.entity,
            waiting=[done] if done else [],
        )
        self._wishes.want(self._link_key(function, client, server), wish, again=again)

    @staticmethod
    def _link_key(function: str, client: Feature, server: Feature) -> Key:
        return function, client.address, server.address

    def _want_read(
        self,
        source: FeatureAddress,
        destination: FeatureAddress,
        function: str,
        *,
        again: bool = False,
        done: Told | None = None,
    ) -> None:
        wish = Wish(
            Classifier.READ,
            source,
            destination,
            cmd(function),
            about=destination.entity,
            is_endless=function == DISCOVERY and not self.is_discovered,
            waiting=[done] if done else [],
        )
        self._wishes.want((function, source, destination), wish, again=again)

    def _flush(self, now: float) -> None:
        room = MAX_OPEN - len(self._open)
        for wish in islice(self._wishes.due(now), max(room, 0)):
            counter = self._send(
                Datagram(
                    wish.source,
                    wish.destination,
                    None,
                    wish.classifier,
                    (wish.command,),
                    wants_answer=wish.classifier is Classifier.CALL,
                )
            )
            self._open[counter] = _Open(now, self._late_at(wish.destination, now), wish=wish)

    def _late_at(self, address: FeatureAddress, now: float) -> float:
        """Return when an answer of a peer's feature is late; it may ask for more than 10 s."""
        feature = self.remote.feature(address.entity, address.feature)
        asked_s = (feature.max_response_s if feature else None) or RESPONSE_TIME_S
        return now + min(max(asked_s, RESPONSE_TIME_S), MAX_RESPONSE_TIME_S)

    def _send_result(self, datagram: Datagram, result: Item) -> None:
        self._send(
            answer(datagram, self.local.address, Classifier.RESULT, cmd("resultData", result))
        )

    def _send(self, datagram: Datagram) -> int:
        """Send a datagram under the next number, and return that."""
        self._counter += 1
        numbered = replace(
            datagram,
            counter=self._counter,
            source=datagram.source.on(self.local.address),
            destination=datagram.destination.on(self.remote.address),
        )
        self._send_text(write_datagram(numbered))
        return self._counter
