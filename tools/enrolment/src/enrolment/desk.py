"""The rules of joining, renewing and being locked out; blocking, so called in threads."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Engine
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from bus_trust import Grant, KeyPair, user_jwt
from enrolment import codes, proofs
from enrolment.tables import CodeRow, DeviceRow
from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError

CODE_FOR = timedelta(days=1)
CODE_FOR_AT_MOST = timedelta(days=7)
NONCE_FOR_S = 120.0
AGAIN_FOR_S = 900.0  # a lost answer may be asked for again by the same device
LIST_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Signing:
    """With what claims are signed, and for how long they hold."""

    account: str
    signer: KeyPair
    valid_for: timedelta


@dataclass(frozen=True, slots=True)
class Claims:
    """What a device gets: its site, its signed claims, and when they end."""

    site: str
    name: str
    jwt: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Linked:
    """A site's device and its waiting code, as far as there are any."""

    site: str
    device: DeviceRow | None
    code: CodeRow | None


class Desk:
    """One per program; its truth lies in the database."""

    def __init__(self, engine: Engine, clock: Clock, signing: Signing) -> None:
        self._engine = engine
        self._clock = clock
        self._signing = signing
        # The same on every replica, and of no use for anything else.
        self._nonce_key = sha256(b"nonce\n" + signing.signer.seed.encode()).digest()

    def make_code(
        self, site: str, name: str, tenant: str, actor: str, valid_for: timedelta
    ) -> tuple[str, datetime]:
        """Return a new code of a site and its end; an unused one of the same site ends now.

        Raises RefusedError `store-failing`.
        """
        code, now_s = codes.new_code(), self._now_s()
        valid_for = min(valid_for or CODE_FOR, CODE_FOR_AT_MOST)
        row = CodeRow(
            digest=codes.digest(code),
            site=site,
            name=name or site,
            tenant=tenant,
            made_by=actor,
            made_s=now_s,
            expires_s=now_s + valid_for.total_seconds(),
        )

        def write(session: Session) -> None:
            waiting = select(CodeRow).where(
                col(CodeRow.site) == site, col(CodeRow.used_s).is_(None)
            )
            for old in session.exec(waiting):
                session.delete(old)
            session.add(row)

        written(self._engine, write)
        return code, _when(row.expires_s)

    def join(self, typed: str, public: str, proof: str) -> Claims:
        """Let the device with this key speak for the code's site from now on.

        A site has one device: one that spoke for it before is locked out. Raises RefusedError
        `code-unknown`, `code-over`, `code-used`, `proof-wrong`, `device-revoked`, `store-failing`.
        """
        try:
            code = codes.normalised(typed)
        except codes.CodeError as error:
            raise RefusedError("code-unknown", str(error), field="/code") from error
        if not proofs.is_proven(public, proofs.joining(code, public), proof):
            raise RefusedError(
                "proof-wrong", "The proof is no signature by this key.", field="/proof"
            )

        def write(session: Session) -> Claims:
            row = session.get(CodeRow, codes.digest(code), with_for_update=True)
            if row is None:
                raise RefusedError("code-unknown", "This code was never given.", field="/code")
            self._check_unused(row, public)
            known = session.get(DeviceRow, public)
            if known is not None and known.revoked_s is not None:
                raise RefusedError("device-revoked", "This key was locked out; make a new one.")
            if known is not None and known.site != row.site:
                raise RefusedError("proof-wrong", "This key speaks for another site already.")
            self._replace(session, row.site, public)
            row.used_s, row.used_by = row.used_s or self._now_s(), public
            session.add(row)
            return self._granted(session, row.site, row.name, public, known)

        return written(self._engine, write)

    def nonce(self) -> str:
        """Return what a device signs within two minutes to get new claims."""
        said = f"{int(self._now_s() + NONCE_FOR_S)}.{secrets.token_hex(8)}"
        return f"{said}.{self._sealed(said)}"

    def renew(self, public: str, nonce: str, proof: str) -> Claims:
        """Return new claims for a device that joined and was not locked out.

        Raises RefusedError `nonce-over`, `proof-wrong`, `device-unknown`, `device-revoked`.
        """
        said, _, seal = nonce.rpartition(".")
        is_ours = hmac.compare_digest(seal.encode(), self._sealed(said).encode())
        if not is_ours or int(said.partition(".")[0]) < self._now_s():
            raise RefusedError("nonce-over", "Ask for a new nonce: this one is over.")
        if not proofs.is_proven(public, proofs.renewing(nonce, public), proof):
            raise RefusedError("proof-wrong", "The proof is no signature by this key.")

        def write(session: Session) -> Claims:
            known = session.get(DeviceRow, public, with_for_update=True)
            if known is None:
                raise RefusedError("device-unknown", "This key never joined.")
            if known.revoked_s is not None:
                raise RefusedError("device-revoked", "This key was locked out.")
            return self._granted(session, known.site, known.name, public, known)

        return written(self._engine, write)

    def revoke(self, site: str, actor: str) -> Linked:
        """Lock a site's device out, and end a code that waits.

        Raises RefusedError `site-not-linked`, `store-failing`.
        """

        def write(session: Session) -> None:
            waiting = select(CodeRow).where(
                col(CodeRow.site) == site, col(CodeRow.used_s).is_(None)
            )
            codes_ended = session.exec(waiting).all()
            for row in codes_ended:
                session.delete(row)
            devices = session.exec(_speaking(site)).all()
            if not devices and not codes_ended:
                raise RefusedError("site-not-linked", f"No device speaks for {site!r}.", site=site)
            for device in devices:
                self._lock_out(session, device, actor)

        written(self._engine, write)
        return self.links((site,))[0]

    def links(self, sites: Sequence[str] = (), after: str = "", limit: int = 0) -> list[Linked]:
        """Return how sites are linked, by id. sites: only these; empty = all behind `after`."""
        with Session(self._engine) as session:
            ids = list(sites) or self._ids(session, after, limit or LIST_AT_MOST)
            devices = session.exec(
                select(DeviceRow)
                .where(col(DeviceRow.site).in_(ids))
                .order_by(col(DeviceRow.enrolled_s))
            ).all()
            waiting = session.exec(
                select(CodeRow).where(
                    col(CodeRow.site).in_(ids),
                    col(CodeRow.used_s).is_(None),
                    col(CodeRow.expires_s) > self._now_s(),
                )
            ).all()
        by_site = {device.site: device for device in devices}  # the latest wins
        code_of = {code.site: code for code in waiting}
        return [Linked(site, by_site.get(site), code_of.get(site)) for site in ids]

    def revoked(self) -> dict[str, int]:
        """Return every key that is locked out, with the Unix second since when."""
        with Session(self._engine) as session:
            out = select(DeviceRow).where(col(DeviceRow.revoked_s).is_not(None))
            # The servers void what was signed at that second or before.
            return {row.public: int(row.revoked_s or 0) + 1 for row in session.exec(out)}

    def has_untold(self) -> bool:
        """Whether the servers do not know of every key that is locked out."""
        with Session(self._engine) as session:
            untold = select(DeviceRow).where(col(DeviceRow.is_told).is_(False)).limit(1)
            return session.exec(untold).first() is not None

    def note_told(self, told: Sequence[str]) -> None:
        """Note that the servers know of these. Raises RefusedError `store-failing`."""

        def write(session: Session) -> None:
            for public in told:
                if (row := session.get(DeviceRow, public)) is not None:
                    row.is_told = True
                    session.add(row)

        written(self._engine, write)

    # --- inside ----------------------------------------------------------------------------------

    def _check_unused(self, row: CodeRow, public: str) -> None:
        now_s = self._now_s()
        if row.used_s is not None:
            is_again = row.used_by == public and now_s - row.used_s <= AGAIN_FOR_S
            if not is_again:
                raise RefusedError("code-used", "This code was used already.", field="/code")
        elif row.expires_s <= now_s:
            raise RefusedError("code-over", "This code is over; ask for a new one.", field="/code")

    def _replace(self, session: Session, site: str, public: str) -> None:
        for other in session.exec(_speaking(site)):
            if other.public != public:
                self._lock_out(session, other, "replaced")

    def _lock_out(self, session: Session, device: DeviceRow, actor: str) -> None:
        device.revoked_s, device.revoked_by, device.is_told = self._now_s(), actor, False
        session.add(device)

    def _granted(
        self, session: Session, site: str, name: str, public: str, known: DeviceRow | None
    ) -> Claims:
        now = self._clock.now()
        expires_at = now + self._signing.valid_for
        row = known or DeviceRow(
            public=public, site=site, name=name, enrolled_s=now.timestamp(),
            renewed_s=0.0, expires_s=0.0,
        )  # fmt: skip
        row.renewed_s, row.expires_s = now.timestamp(), expires_at.timestamp()
        session.add(row)
        grant = Grant(site, public, expires_at)
        jwt = user_jwt(grant, self._signing.account, self._signing.signer, now)
        return Claims(site, name, jwt, expires_at)

    def _ids(self, session: Session, after: str, limit: int) -> list[str]:
        found: set[str] = set()
        for column in (DeviceRow.site, CodeRow.site):
            some = select(column).where(col(column) > after).distinct()
            found.update(session.exec(some.order_by(col(column)).limit(limit)))
        return sorted(found)[: min(limit, LIST_AT_MOST)]

    def _sealed(self, said: str) -> str:
        return hmac.new(self._nonce_key, said.encode(), sha256).hexdigest()[:32]

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


def _speaking(site: str) -> SelectOfScalar[DeviceRow]:
    return select(DeviceRow).where(col(DeviceRow.site) == site, col(DeviceRow.revoked_s).is_(None))


def _when(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
