"""Receive a form with a file (multipart/form-data): the file goes to the disk, fields that are read stay in memory."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from accel_doctor.index.bounded_reading import RefusedError

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # clients are told; nobody else needs to know
_FILE = "content"
_LONGEST_VALUE = 1000  # bytes of a field that is read
_LONGEST_BOUNDARY = 70  # bytes, by RFC 2046
_MOST_PARTS = 5000  # classifiers, requirements and keywords are a part each
_DISPOSITION = b"content-disposition"


class ReceivedForm:
    """Receive a form that arrives piece by piece; of its fields, those of these ``names`` are kept."""

    def __init__(self, content_type: str, target: BinaryIO, names: Collection[str]) -> None:
        """Begin. Raises RefusedError if the content type is that of no such form."""
        kind, parameters = parse_options_header(content_type)
        if (
            kind != b"multipart/form-data"
            or not parameters.get(b"boundary")
            or len(parameters[b"boundary"]) > _LONGEST_BOUNDARY
        ):
            raise RefusedError("an upload is a form: multipart/form-data")
        self.fields: dict[str, list[str]] = {}
        self.filename: str | None = None
        self._target = target
        self._names = names
        self._parts = 0
        self._ended = False
        self._header, self._value, self._disposition = b"", b"", b""
        self._name, self._is_file, self._content = "", False, b""
        self._parser = MultipartParser(
            parameters[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": self._add_header,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._add_content,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, data: bytes) -> None:
        """Take a piece. Raises RefusedError for what is malformed, and OSError if it cannot be written."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise RefusedError(f"malformed form: {error}") from error

    def finish(self) -> str:
        """Return the name of the file. Raises RefusedError if the form is cut or has no file."""
        if not self._ended:
            raise RefusedError("malformed form: it ends too early")
        if self.filename is None:
            raise RefusedError(f"the form has no file {_FILE!r}")
        return self.filename

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise RefusedError(f"the form has more than {_MOST_PARTS} fields")
        self._disposition, self._content = b"", b""

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == _DISPOSITION:
            if self._disposition:
                raise RefusedError("malformed form: a field has two names")
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _headers_finished(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        self._name = parameters.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = self._name == _FILE
        if self._is_file:
            if self.filename is not None:
                raise RefusedError(f"the form has more than one file {_FILE!r}")
            self.filename = parameters.get(b"filename", b"").decode("utf-8", "replace")

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._target.write(data[start:end])
        elif self._name in self._names:
            self._content += data[start:end]
            if len(self._content) > _LONGEST_VALUE:
                raise RefusedError(f"the form's {self._name} is too long")

    def _end_part(self) -> None:
        if not self._is_file and self._name in self._names:
            values = self.fields.setdefault(self._name, [])
            if len(values) < 2:  # two are one too many already
                values.append(self._content.decode("utf-8", "replace"))

    def _end(self) -> None:
        self._ended = True
