"""How our device answers reads, writes and calls (spine.md sections 3 and 6)."""

from dataclasses import replace

from eebus.spine import merging
from eebus.spine.addresses import FeatureAddress
from eebus.spine.datagram import PARTIAL, Cmd, Datagram, cmd
from eebus.spine.discovery import device_information
from eebus.spine.errors import ErrorNumber, RefusedError
from eebus.spine.links import Links
from eebus.spine.local import (
    BIND,
    BINDINGS,
    DISCOVERY,
    SUBSCRIBE,
    SUBSCRIPTIONS,
    UNBIND,
    UNSUBSCRIBE,
    USE_CASES,
    LocalDevice,
    Write,
)
from eebus.spine.tree import Feature, Role
from eebus.spine.values import Item, Value, number, part, text


def read(device: LocalDevice, ski: str, datagram: Datagram, command: Cmd) -> Cmd:
    """Return the reply to a read, always the full data. Raises RefusedError."""
    feature = _server(device, datagram.destination)
    operations = feature.functions.get(command.name)
    if operations is None or not operations.read:
        raise RefusedError(ErrorNumber.COMMAND_NOT_SUPPORTED, "function data not found")
    if feature is device.management:
        return cmd(command.name, _management_data(device, ski, command.name))
    return cmd(command.name, feature.content(command.name))


def write(device: LocalDevice, ski: str, datagram: Datagram, command: Cmd) -> None:
    """Check and store a write, then tell all subscribers. Raises RefusedError."""
    feature = _server(device, datagram.destination)
    operations = feature.functions.get(command.name)
    if command.function is None or operations is None:
        raise RefusedError(ErrorNumber.COMMAND_NOT_SUPPORTED, "function data not found")
    if not operations.write:
        raise RefusedError(ErrorNumber.COMMAND_REJECTED, "write is not allowed on this function")
    if not device.bindings.has(ski, datagram.source, datagram.destination):
        raise RefusedError(ErrorNumber.BINDING_REQUIRED, "write denied due to missing binding")
    if command.is_partial and not operations.write_partial:
        raise RefusedError(
            ErrorNumber.RESTRICTED_FUNCTION_EXCHANGE, "partial writes are not offered"
        )
    before = feature.content(command.name)
    if operations.is_shared and not command.is_partial:
        after = merging.replace_named(command.function, before, command.content)
    elif device.is_lenient and not command.is_partial:
        # Somebody who writes no parts still means the items it names: the list itself is ours.
        after = merging.apply(replace(command, filters=(PARTIAL,)), before)
    else:
        after = merging.apply(command, before)
    if not operations.is_shared:
        merging.check_write(command.function, before, after)
    wanted = Write(ski, feature, command.name, after, command.content)
    device.accept_write(wanted)
    device.put(feature, command.name, after)
    device.wrote(wanted)


def call(device: LocalDevice, ski: str, command: Cmd) -> None:
    """Enter or remove a subscription or binding. Raises RefusedError."""
    content = command.content
    if command.name == SUBSCRIBE:
        _link(device, ski, device.subscriptions, part(content, "subscriptionRequest"))
    elif command.name == BIND:
        _link(device, ski, device.bindings, part(content, "bindingRequest"))
    elif command.name == UNSUBSCRIBE:
        _unlink(ski, device.subscriptions, part(content, "subscriptionDelete"), "subscriptionId")
    elif command.name == UNBIND:
        _unlink(ski, device.bindings, part(content, "bindingDelete"), "bindingId")
    else:
        raise RefusedError(ErrorNumber.COMMAND_NOT_SUPPORTED, "no such call")


def _server(device: LocalDevice, address: FeatureAddress) -> Feature:
    feature = device.feature(address)
    if feature is None:
        raise RefusedError(ErrorNumber.DESTINATION_UNKNOWN, "invalid feature address")
    if feature.role is Role.CLIENT:
        raise RefusedError(ErrorNumber.COMMAND_REJECTED, "a client feature holds no data")
    return feature


def _link(device: LocalDevice, ski: str, links: Links, request: Item) -> None:
    """Accept the claimed client as it is: the peer's tree may still be on its way."""
    client = FeatureAddress.read(part(request, "clientAddress"))
    server = FeatureAddress.read(part(request, "serverAddress"))
    feature = device.feature(server)
    wanted = text(request, "serverFeatureType")
    if feature is None or client.feature is None or not client.entity:
        raise RefusedError(ErrorNumber.GENERAL_ERROR, "no such feature to link")
    if feature.role is Role.CLIENT:
        raise RefusedError(ErrorNumber.GENERAL_ERROR, "the server address is of a client")
    if wanted not in {feature.type, "Generic", None}:
        raise RefusedError(ErrorNumber.GENERAL_ERROR, "the feature is not of the wanted type")
    links.add(ski, client, server)


def _unlink(ski: str, links: Links, request: Item, id_name: str) -> None:
    """Remove the links between two addresses, or the one a number names where no address is."""
    client, server = part(request, "clientAddress"), part(request, "serverAddress")
    named = number(request, id_name)
    if named is not None and not client and not server:
        links.remove_number(ski, named)
    else:
        links.remove(ski, FeatureAddress.read(client), FeatureAddress.read(server))


def _management_data(device: LocalDevice, ski: str, function: str) -> Item:
    if function == DISCOVERY:
        return device.discovery_data()
    if function == USE_CASES:
        return device.use_case_data()
    if function == SUBSCRIPTIONS:
        return _entries(device, ski, device.subscriptions, "subscriptionEntry", "subscriptionId")
    if function == BINDINGS:
        return _entries(device, ski, device.bindings, "bindingEntry", "bindingId")
    description = device_information(device.address, device.type)
    return {"nodeManagementDestinationData": [{"deviceDescription": description}]}


def _entries(device: LocalDevice, ski: str, links: Links, name: str, id_name: str) -> Item:
    """Return the peer's own links; what others linked is none of its business."""
    entries: list[Value] = [
        {
            id_name: link.number,
            "clientAddress": link.client.item(),
            "serverAddress": link.server.on(device.address).item(),
        }
        for link in links.of(ski)
    ]
    return {name: entries}
