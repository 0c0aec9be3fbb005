"""Plays recordings of EEBUS against our sides: as the recorded device would, and as the client.

As the device: a puppet is built of its recorded tree and data, ours talks to it, and what ours
reads, calls and writes is told. As the client: each of its reads, calls and writes is sent to
ours, addresses translated by entity and feature type, and both answers are told.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from eebus.spine import merging
from eebus.spine.addresses import FeatureAddress
from eebus.spine.datagram import Classifier, Datagram, read_datagram, write_datagram
from eebus.spine.discovery import Change, read_tree
from eebus.spine.local import DISCOVERY, USE_CASES, Announcement, LocalDevice
from eebus.spine.remote import RemoteDevice
from eebus.spine.session import Session
from eebus.spine.tree import Feature, Role

PEER = "aa" * 20
Verdict = tuple[Classifier | None, bool]


class Side(Protocol):
    """What is played against: any side of ours."""

    local: LocalDevice

    def opened(self, ski: str, send: Callable[[str], None], now: float) -> None: ...
    def received(self, ski: str, raw: object, now: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Said:
    """One recorded datagram, and who said it."""

    sender: str
    datagram: Datagram


def recorded(*files: Path) -> list[Said]:
    """Return what was said on the last connection of recordings that follow one another."""
    found: list[Said] = []
    for file in files:
        for line in file.read_text().splitlines():
            told = json.loads(line)
            if told["type"] == 0 and found:
                found = []  # another connection: numbers, links and data start anew
            if told["type"] == 2:
                payload = json.loads(told["raw"])["data"][1]["payload"]
                found.append(Said(told["from"], read_datagram(payload)))
    return found


def learn(said: list[Said], who: str) -> RemoteDevice:
    """Return a device as its own messages describe it, cars it ever had included."""
    device = RemoteDevice()
    for each in said:
        if each.sender != who or each.datagram.classifier not in {
            Classifier.REPLY,
            Classifier.NOTIFY,
        }:
            continue
        command, source = each.datagram.cmds[0], each.datagram.source
        if command.name == DISCOVERY:
            told = read_tree(command.content)
            if all(entity.change is not Change.REMOVED for entity in told.entities):
                device.learn(told, 0.0, partial=command.is_partial)
        elif command.name == USE_CASES:
            before = device.use_cases
            device.learn_use_cases(command.content)
            if len(device.use_cases) < len(before):
                device.use_cases = before
        elif feature := device.feature(source.entity, source.feature):
            content = merging.apply(command, feature.content(command.name))
            if content or command.name not in feature.contents:
                feature.contents[command.name] = content
    return device


class Deaf:
    """A listener that wants to know nothing."""

    def discovered(self, now) -> None: ...
    def tree_changed(self, changes, now) -> None: ...
    def use_cases_changed(self, now) -> None: ...
    def data_changed(self, feature, function, now) -> None: ...


class Puppet:
    """A recorded device that answers out of its recorded data, joined to a side of ours."""

    def __init__(self, device: RemoteDevice, side: Side) -> None:
        self.heard: list[Datagram] = []
        self.side = side
        self.queue: list[tuple[str, str]] = []
        self.local = LocalDevice(
            device.address or "", device.type or "", {}, accept_write=lambda _: None
        )
        for address, entity in device.entities.items():
            if address != (0,):
                self.local.add_entity(entity)
        self.local.announce(
            [
                Announcement(each.entity or (), each.actor, item.name, item.scenarios)
                for each in device.use_cases
                for item in each.items
            ]
        )
        self.session = Session(
            self.local, "bb" * 20, lambda text: self.queue.append(("puppet", text)), Deaf()
        )
        side.opened(PEER, lambda text: self.queue.append(("ours", text)), 0.0)
        self.session.start(0.0)
        self.settle()

    def settle(self) -> None:
        """Deliver until nobody has anything to say."""
        while self.queue:
            sender, text = self.queue.pop(0)
            if sender == "ours":
                self.heard.append(read_datagram(json.loads(text)))
                self.session.receive(json.loads(text), 0.0)
            else:
                self.side.received(PEER, json.loads(text), 0.0)

    def asked(self) -> set[tuple]:
        """Return what ours asked, as `asking` tells it."""
        return {asking(each) for each in self.heard if is_request(each)}


def is_request(datagram: Datagram) -> bool:
    """Whether it wants an answer."""
    return datagram.classifier in {Classifier.READ, Classifier.CALL, Classifier.WRITE}


def asking(datagram: Datagram) -> tuple:
    """Return (classifier, function, remote address, values); of calls the server is the value."""
    command, to = datagram.cmds[0], datagram.destination
    values = ""
    for request in command.content.values() if datagram.classifier is Classifier.CALL else ():
        server = FeatureAddress.read(request["serverAddress"])
        values = f"{server.entity}/{server.feature} {request['serverFeatureType']}"
    if datagram.classifier is Classifier.WRITE:
        values = json.dumps([command.content, list(command.filters)])
    return datagram.classifier.value, command.name, to.entity, to.feature, values


def asked_by(said: list[Said], who: str) -> set[tuple]:
    """Return what a recorded side asked, as `asking` tells it."""
    return {
        asking(each.datagram) for each in said if each.sender == who and is_request(each.datagram)
    }


def _places(device: RemoteDevice | LocalDevice) -> dict[tuple[str, str, Role], Feature]:
    found: dict[tuple[str, str, Role], Feature] = {}
    for entity in device.entities.values():
        for feature in entity.features.values():
            found.setdefault((entity.type, feature.type, feature.role), feature)
    return found


class Translator:
    """Turns the addresses of a recorded server into ours, by entity and feature type."""

    def __init__(self, theirs: RemoteDevice, ours: LocalDevice) -> None:
        self._theirs = theirs
        self._ours = ours

    def address(self, address: FeatureAddress) -> FeatureAddress:
        """Return our address; one that means nothing stays as it is."""
        feature = self._theirs.feature(address.entity, address.feature)
        if feature is None:
            return address
        key = (self._theirs.entities[address.entity].type, feature.type, feature.role)
        ours = _places(self._ours).get(key)
        return address if ours is None else replace(ours.address, device=self._ours.address)

    def request(self, datagram: Datagram) -> Datagram:
        """Return a request as it would be made of ours."""
        to = self.address(datagram.destination)
        command = datagram.cmds[0]
        content = dict(command.content)
        if datagram.classifier is Classifier.CALL:
            for name, request in content.items():
                server = self.address(FeatureAddress.read(request["serverAddress"]))
                content[name] = {**request, "serverAddress": server.item()}
        return replace(datagram, destination=to, cmds=(replace(command, content=content),))


def verdicts(
    said: list[Said],
    server: str,
    side: Side,
    at: Callable[[Said], None] = lambda _: None,
    device: RemoteDevice | None = None,
) -> Iterator[tuple[Datagram, Verdict, Verdict]]:
    """Play all requests to `server` against ours; yield request, their answer and ours.

    at: told what is said before ours hears it. device: what the server's addresses mean; an
    address that means nothing is played as it is.
    """
    translator = Translator(device or learn(said, server), side.local)
    answers = {
        each.datagram.reference: each.datagram
        for each in said
        if each.sender == server and each.datagram.reference is not None
    }
    sent: list[Datagram] = []
    side.opened(PEER, lambda text: sent.append(read_datagram(json.loads(text))), 0.0)
    for number, each in enumerate(said):
        at(each)
        request = each.datagram
        if each.sender == server:
            continue
        ours = translator.request(request) if is_request(request) else request
        sent.clear()
        side.received(PEER, json.loads(write_datagram(ours)), float(number) / 100)
        if is_request(request):
            reply = next((one for one in sent if one.reference == request.counter), None)
            yield request, verdict(answers.get(request.counter)), verdict(reply)


def verdict(datagram: Datagram | None) -> Verdict:
    """Return the classifier of an answer, and whether it is a success."""
    if datagram is None:
        return (None, False)
    return datagram.classifier, datagram.cmds[0].content.get("errorNumber", 0) == 0
