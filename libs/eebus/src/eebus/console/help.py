"""What `eebus --help` says, for installers and developers who live in it."""

from typing import Final

DESCRIPTION: Final = """\
Speak EEBUS from the command line: find devices, be an energy manager, a charger,
a control box or a grid meter. Prints one JSON object per event on standard output and obeys
one JSON command per line on standard input; each command gets one `result`."""

EXAMPLES: Final = """\
try it on one machine, in two terminals:
  eebus charger --state /tmp/box
      prints {"event":"listening","port":P,"ski":S,...}; then type
      {"cmd":"accept","seconds":120}
      {"cmd":"plug","standard":"iec61851","phases":3,"min_a":6,"max_a":16}
  eebus cem --state /tmp/hems --trust S --dial 127.0.0.1:P
      {"id":1,"cmd":"limit","ski":"S","a":[10,10,10]}

with real chargers, on their network:
  eebus --lan discover
  eebus --lan cem --state ~/hems --trust SKI
      then confirm this device on the charger too; order does not matter

Every event has `t` (time, UTC) and `event`, and `ski` where a device is meant.
Absent values are null; lists of three are the phases a, b, c.
`eebus cem --help` and so on list the commands of each role."""

OF_ALL: Final = """\
commands (one JSON object per line; an `id` is repeated in the result):
  trust       ski (or the text of its QR code), host?, port?    pair with it
  untrust     ski                                    unpair
  deny        ski                                    refuse its request
  disconnect  ski                                    close; it is dialled again
  accept      seconds                                trust the next one that asks
                                                     (up to 300 s; 0 = stop)
  heartbeat   on                                     false: prove its failsafe
  quit"""

OF_CEM: Final = (
    OF_ALL
    + """
  limit       ski, a, kind?                          A per phase: a number, up to
              three of them (null = leave), or "off"; kind: opev (default), oscev
  pause       ski                                    without ending the session
  lpc, lpp    ski, w (null = no limit), duration_s?  limit an appliance
  failsafe    ski, w?, duration_s?, kind?            what holds there without us
  curve       ski, slots [[start_s, end_s, w], ...]              with --plans
  prices      ski, slots [[start_s, end_s, price], ...], currency?

for example
  {"id":1,"cmd":"limit","ski":"...","a":[10,10,10]}"""
)

OF_CHARGER: Final = (
    OF_ALL
    + """
  plug        standard?, phases?, min_a?, max_a?, pause_a?, soc_percent?,
              asymmetric?, ev_id?, plans?            plug a car
  update      the same: what changes of it           e.g. ISO 15118 after PWM
  unplug
  draw        a (a number, or one per phase), soc_percent?       measurements
  state       value: normalOperation, standby, finished, failure
  fault       code (null = none)                     of the charger itself
  demand      optimal_wh, min_wh?, max_wh?, departure_s?         a car that plans
  plan        slots [[start_s, end_s, w], ...]

for example
  {"cmd":"plug","standard":"iso15118-2ed1","phases":3,"min_a":2.2,"max_a":16,"soc_percent":40}"""
)

OF_CONTROLBOX: Final = (
    OF_ALL
    + """
  lpc, lpp    ski, w (null = no limit), duration_s?  limit a system
  failsafe    ski, w?, duration_s?, kind?            what holds there without us

for example
  {"id":1,"cmd":"lpc","ski":"...","w":4200,"duration_s":3600}"""
)

OF_METER: Final = (
    OF_ALL
    + """
  measure     power_w?, power_per_phase_w?, current_a?, voltage_v?, frequency_hz?,
              energy_consumed_wh?, energy_produced_wh?, curtailment_factor?
              (three values are the phases; what is left out is unknown)

for example
  {"cmd":"measure","power_w":575,"current_a":[1.0,2.0,-0.5]}"""
)
