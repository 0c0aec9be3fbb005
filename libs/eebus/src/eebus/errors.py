"""What can go wrong in this package. The name of each error says who must act."""


class EebusError(Exception):
    """The one base of all errors of this package."""


class RemoteProtocolError(EebusError):
    """The peer sent something the protocol does not allow, or nothing in time."""


class CertificateError(RemoteProtocolError):
    """The peer's certificate carries no usable SKI, or another one than expected."""


class IdentityError(EebusError):
    """The own key and certificate cannot be used: the operator must act."""


class IdentityMissingError(IdentityError):
    """There is no identity, or only half of one, where one was expected."""


class IdentityDamagedError(IdentityError):
    """The files of the identity are there, but do not hold a usable key and certificate."""
