"""What is kept of a device for whoever looks for a fault."""

from datetime import UTC, datetime, timedelta

from eebus.events import (
    ConnectionChanged,
    ConnectionState,
    DeviceDescribed,
    EntityChanged,
    HeartbeatChanged,
    PowerControlChanged,
    WriteResult,
)
from eebus_gateway.core.diagnosis import Diagnosis, fold, opev_write, reacted, written

SKI = "1" * 40
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)
TEN = (10.0, 10.0, 10.0)
YES = WriteResult(ok=True, error_number=0, text="", ms=12.0)
NO = WriteResult(ok=False, error_number=7, text="not now", ms=8.0)
SILENT = WriteResult(ok=False, error_number=None, text="", ms=10_000.0)


def changed(state: ConnectionState, detail: str = "") -> ConnectionChanged:
    return ConnectionChanged(SKI, state, detail)


def test_connections_are_counted_and_a_loss_keeps_its_reason() -> None:
    seen = fold(Diagnosis(), changed(ConnectionState.CONNECTED), AT)
    seen = fold(seen, changed(ConnectionState.CONNECTED, "Connected."), LATER)
    assert (seen.connections, seen.connected_since) == (1, AT)
    lost = fold(seen, changed(ConnectionState.NOT_CONNECTED, "The connection was cut off."), LATER)
    assert (lost.last_error, lost.last_error_at) == ("The connection was cut off.", LATER)
    assert lost.connected_since is None
    again = fold(lost, changed(ConnectionState.CONNECTING, "Dialling."), LATER)
    assert again.last_error == "The connection was cut off."


def test_each_connection_tells_its_tree_anew() -> None:
    seen = fold(Diagnosis(), changed(ConnectionState.CONNECTED), AT)
    seen = fold(seen, EntityChanged(SKI, (1,), "EVSE", added=True), AT)
    seen = fold(seen, changed(ConnectionState.NOT_CONNECTED, "Gone."), AT)
    assert seen.tree.entities == {(1,): "EVSE"}
    assert fold(seen, changed(ConnectionState.CONNECTED), AT).tree.entities == {}


def test_the_last_twenty_writes_are_kept_newest_first() -> None:
    seen = Diagnosis()
    for number in range(25):
        seen = written(seen, opev_write((float(number), None, None), YES, AT))
    assert len(seen.writes) == 20
    assert seen.writes[0].current_a == (24.0, None, None)
    assert seen.writes[0].answer_ms == 12.0


def test_a_refusal_is_an_error_and_silence_has_no_time() -> None:
    refused = written(Diagnosis(), opev_write(TEN, NO, AT))
    assert refused.last_error == "A limit was not accepted (error 7): not now."
    silent = written(Diagnosis(), opev_write(TEN, SILENT, AT))
    assert silent.writes[0].answer_ms is None
    assert silent.last_error == "A limit was not accepted: no answer."


def test_a_reaction_belongs_to_the_last_accepted_write() -> None:
    seen = written(Diagnosis(), opev_write(TEN, YES, AT))
    seen = written(seen, opev_write(TEN, NO, LATER))
    seen = reacted(seen, 2.5)
    assert [write.reaction_s for write in seen.writes] == [None, 2.5]
    assert reacted(seen, 9.0) == seen


def test_a_control_box_shows_its_orders_a_heart_its_silence() -> None:
    seen = fold(Diagnosis(), PowerControlChanged(SKI, "lpc", "limited", 4200.0), AT)
    assert (seen.writes[0].kind, seen.writes[0].power_w) == ("lpc", 4200.0)
    seen = fold(seen, HeartbeatChanged(SKI, ok=False), LATER)
    assert "heartbeat" in seen.last_error
    assert fold(seen, DeviceDescribed(SKI, quirks=("odd",)), AT).quirks == ("odd",)
