"""Shares of dimensions, aspects, sources and brands against the days before: worked out once for all who look."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection

from dashboard.comparison import changes_by
from dashboard.queries import figures
from dashboard.scope import Scope


def by_facet(conn: Connection, scope: Scope, facets: Sequence[str]) -> pd.DataFrame:
    """What `changes_by` finds of these facets, as shares of all voices read."""
    return changes_by(
        figures.by_facet_and_day(conn, scope, facets),
        figures.by_facet_and_day(conn, scope.before, facets),
        "facet",
        figures.by_day(conn, scope),
        figures.by_day(conn, scope.before),
    )


def by_source(conn: Connection, scope: Scope) -> pd.DataFrame:
    """What `changes_by` finds of the sources, each as a share of its own voices."""
    now, before = figures.by_source_and_day(conn, scope), figures.by_source_and_day(conn, scope.before)
    return changes_by(now, before, "source", None, None)


def by_brand(conn: Connection, scope: Scope, brands: Sequence[str]) -> pd.DataFrame:
    """What `changes_by` finds of these brands, each as a share of its own voices."""
    now, before = figures.by_brand_and_day(conn, scope, brands), figures.by_brand_and_day(conn, scope.before, brands)
    return changes_by(now, before, "brand", None, None)
