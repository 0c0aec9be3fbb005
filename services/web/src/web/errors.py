"""What keeps the front door from starting."""


class WebError(Exception):
    """Base of this package's errors."""


class InitialUsersError(WebError):
    """The file of initial users cannot be used; whoever deploys must mend it."""


class OidcSettingsError(WebError):
    """The settings of the OpenID provider cannot be used; whoever deploys must mend them."""
