"""Paths: of a request within this application, wherever another one has mounted it."""

from starlette.types import Scope


def path_of(scope: Scope) -> str:
    """Give a request's path without the prefix under which the application is mounted.

    As the router does: what is guarded by its path must be what is routed by it.

    Example:
        >>> path_of({"path": "/photos/v1/looks", "root_path": "/photos"})
        '/v1/looks'
        >>> path_of({"path": "/v1/looks"})
        '/v1/looks'
    """
    path: str = scope["path"]
    prefix: str = scope.get("root_path", "")
    return path[len(prefix) :] if prefix and path.startswith(f"{prefix}/") else path
