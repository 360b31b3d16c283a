"""What leaves as a file: whole tables from the store, and what is on a screen, through one safe writer a format."""

from dashboard.exports.filters import Filters
from dashboard.exports.frames import frame_to_csv, frame_to_parquet, frame_to_xlsx
from dashboard.exports.manifest import Manifest
from dashboard.exports.screen import Kind, Shown
from dashboard.exports.table import Format, What
from dashboard.exports.writing import CannotExport, export

__all__ = [
    "CannotExport",
    "Filters",
    "Format",
    "Kind",
    "Manifest",
    "Shown",
    "What",
    "export",
    "frame_to_csv",
    "frame_to_parquet",
    "frame_to_xlsx",
]
