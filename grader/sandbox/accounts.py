"""What is told of an exception in a student's code: its type, its message, and the lines that are the student's own."""

from __future__ import annotations

import linecache
import types

from grader.sandbox import packing
from grader.sandbox.protocol import Frame, Raised

MAX_MESSAGE = 2000
MAX_FRAMES = 20


def raised(error: BaseException, call: int, case: int, printed: str) -> Raised:
    return Raised(
        id=call,
        type=packing.type_name(error),
        message=message_of(error),
        frames=student_frames(error.__traceback__),
        case=case,
        printed=printed,
    )


def message_of(error: BaseException) -> str:
    """What the exception says; its `str` is the student's code and may raise."""
    try:
        return packing.plain_text(str(error), MAX_MESSAGE)
    except BaseException:  # noqa: BLE001 - the sandbox's edge
        return "(its message could not be made)"


def student_frames(traceback: types.TracebackType | None) -> list[Frame]:
    """The lines of a traceback that are in the student's own files, innermost last."""
    frames: list[Frame] = []
    while traceback is not None:
        record = frame_record(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
        if record is not None:
            frames.append(record)
        traceback = traceback.tb_next
    return frames[-MAX_FRAMES:]


def frame_record(file: str, line: int) -> Frame | None:
    """None for the grader's, the assignment's and the libraries' own code."""
    if file.startswith("/submission/"):
        file = file.removeprefix("/submission/")
    elif file.startswith(("/", "<")) or file not in linecache.cache:
        return None
    text = linecache.getline(file, line).strip()
    return Frame(file=packing.plain_text(file, 200), line=line, text=packing.plain_text(text, 200))
