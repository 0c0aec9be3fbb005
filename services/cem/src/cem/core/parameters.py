"""The numbers of the control law, in one frozen value. Sources: loadmgmt.md A2 and A3."""

from dataclasses import dataclass

from electrical.margin import METER_ERROR, NOISE_A


@dataclass(frozen=True, slots=True)
class Parameters:
    """Defaults of the control law; amperes per phase and seconds.

    Every number is a setting, so that a site with unusual devices can be given others.
    """

    # --- fuse ---
    margin_fixed_a: float = NOISE_A
    margin_of_fuse: float = METER_ERROR

    # --- what the house takes beside the chargers ---
    peak_hold_s: float = 20.0  # A3: hides the cycling of hobs and ovens (6 to 20 s)
    let_go_s: float = 6.0  # ... where nothing came within a minute, nothing cycles
    recurrence_s: float = 60.0  # a load that came twice within that time is expected again
    recurring_a: float = 2.0  # ... if it is that large
    spike_a: float = 3.0  # A2: a rise of more than 3 A wants a second sample
    spike_wait_s: float = 1.2  # one period at 1 Hz and some jitter; then one sample is enough

    # --- the ladder of a silent meter ---
    meter_latency_s: float = 1.0  # A2: read and transport
    stale_after_s: float = 3.0  # A3: age > period + latency + 3 s
    hold_growth_a_per_s: float = 0.5  # A3: reserve grows while nothing is known
    hold_growth_most_a: float = 4.0
    static_share_after_s: float = 20.0
    failsafe_after_s: float = 60.0
    frozen_samples: int = 5  # A3: noise makes five equal samples impossible
    frozen_span_s: float = 3.5  # a meter that is polled faster than it measures is not frozen

    # --- how limits move ---
    raise_step_a: float = 4.0  # A3: at most +4 A ...
    raise_every_s: float = 6.0  # ... per 6 s and charger
    dead_band_a: float = 0.5  # A3: 60 instead of 1,100 commands per charger and hour
    dead_band_sun_a: float = 0.25  # 0.5 A on three phases would leave a twentieth of the sun
    quantum_a: float = 0.3  # A3 lowers in quanta of 0.5 A: these cost no energy
    quantum_sun_a: float = 0.5  # a sun that sets by and by: half the commands
    start_hysteresis_a: float = 1.0  # A3: start at min + 1 A, stop below min
    min_off_s: float = 60.0  # A3: contactors and cars that fall asleep
    rotation_s: float = 900.0  # A3: who runs is protected that long when not all can run
    step_a: float = 0.1  # resolution of a limit on the wire

    # --- chargers and cars ---
    reaction_s: float = 5.0  # A2: a car follows within 5 s (IEC 61851-1)
    obedience_s: float = 8.0  # A2: a charger that needs longer has missed
    obedience_slack_a: float = 1.0
    missed_reports: int = 3  # A2: three misses in a row
    forgiven_after_s: float = 60.0
    start_grace_s: float = 2.0  # design law 1: aim for the first accepted limit
    silent_after_s: float = 4.0  # reports come every second
    own_failsafe_after_s: float = 120.0  # A3: by then a charger has noticed that we are gone
    warm_up_s: float = 1.5  # reports come every second; a restart need not be felt
    lease_s: float = 5.0  # design law 2
    drawing_a: float = 0.5  # below this a conductor carries nothing
    unchanged_s: float = 75.0  # EEBUS notifies on change, and while energy flows each minute
    meeting_s: float = 30.0  # a new charger has that long to say what it is doing

    # --- demand: a car that takes less gives back (C1.2) ---
    below_a: float = 2.0
    below_for_s: float = 25.0
    claim_extra_a: float = 1.5
    probe_a: float = 2.0
    probe_every_s: float = 30.0
    wake_every_s: float = 60.0

    # --- charging from own surplus ---
    surplus_mean_s: float = 15.0  # C1.1
    surplus_start_w: float = 150.0  # A3: start above the minimum and 150 W for 30 s
    surplus_start_s: float = 30.0
    surplus_stop_w: float = 200.0  # A3: stop below the minimum less 200 W for 240 s
    surplus_stop_s: float = 240.0
    phases_up_s: float = 120.0  # A3: patience halves the switches at the same share of sun
    phases_down_s: float = 240.0
    phases_gap_s: float = 180.0
    switches_per_hour: int = 6
    phases_fit_s: float = 30.0  # before one phase is tried where three do not fit
    phases_let_go_s: float = 6.0  # A3: wait that long for less than 0.5 A ...
    phases_open_s: float = 15.0  # ... then 5 s open, and 10 s before current is offered
    phases_given_up_s: float = 60.0  # some charger and car pairs need 30 s extra

    # --- the grid operator ---
    operator_silent_s: float = 120.0  # LPC: a heartbeat is lost after 120 s

    # --- goals ---
    goal_slack_s: float = 900.0  # taper, starts, and what the house takes meanwhile
    goal_reserve: float = 1.1

    # --- who is to blame for an overload (scenarios/README.md section 6) ---
    blame_window_s: float = 15.0
    blame_slack_a: float = 0.7


DEFAULTS = Parameters()
