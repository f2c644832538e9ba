"""Indexes of which package ships a file, one per distribution release; their builder, and the ranking of candidates."""

from accel_doctor.fileindex.index_file import (
    File,
    FileIndex,
    IndexFileError,
    Package,
    find_index,
    named_for_development,
)
from accel_doctor.fileindex.ranking import Candidate, Evidence, Ranking, rank, rank_providers
