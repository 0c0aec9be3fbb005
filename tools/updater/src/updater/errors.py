"""What can go wrong between the updater and the API server; the names say who must act."""


class ClusterError(Exception):
    """The API server did not do what it was asked."""


class UnreachableError(ClusterError):
    """No answer in time, or a failure of the server's own: it is asked again."""


class ForbiddenError(ClusterError):
    """The service account may not do that: whoever installed the chart must act."""


class NotThereError(ClusterError):
    """There is no such Deployment or container: the settings name a wrong one."""


class ConflictError(ClusterError):
    """Somebody else changed the image meanwhile: nothing was done."""
