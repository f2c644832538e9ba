"""Index the files that packages ship, one index per distribution release; rank the candidates for a need."""

from accel_doctor.fileindex.index_file import (
    File,
    FileIndex,
    IndexFileError,
    Package,
    find_index,
    named_for_development,
)
from accel_doctor.fileindex.neighbors import NO_INDEXES, ReleaseIndexes
from accel_doctor.fileindex.ranking import Candidate, Evidence, Ranking, rank, rank_providers
