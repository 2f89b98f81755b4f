"""Names as they are printed, and as they are files: whatever somebody has called something."""

import hashlib
import re
import unicodedata

# Control characters, what formats text unseen (such as turning its direction), halves of surrogate
# pairs, and what separates lines and paragraphs.
UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
JOINERS = "\u200c\u200d"  # without which some scripts, and some pictures, are others

LONGEST = 100  # of letters kept; some file systems bear 143 bytes, with what stands around them
OWN = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_-])?")
WITH_HASH = re.compile(r".*-[0-9a-f]{12}")
DEVICES = re.compile(
    r"(?:con|prn|aux|nul|(?:com|lpt)[0-9])(?:\..*)?"
)  # of Windows, with any ending


def one_line(text: object) -> str:
    """Return a name as one line that any file and terminal takes: other characters by number."""
    return "".join(
        letter.encode("unicode_escape").decode()
        if unicodedata.category(letter) in UNPRINTABLE and letter not in JOINERS
        else letter
        for letter in str(text)
    )


def file_name(name: str) -> str:
    """Return a file's name that any file system takes, another one for another name.

    That holds where upper and lower case are the same, too. A name of lower-case letters, digits,
    points, dashes and underscores stays as it is; of others, what can be kept is followed by a
    hash.
    """
    own = OWN.fullmatch(name) and len(name) <= LONGEST
    if own and not WITH_HASH.fullmatch(name) and not DEVICES.fullmatch(name):
        return name
    kept = re.sub("[^A-Za-z0-9_-]", "_", name[:LONGEST]).lstrip("-") or "model"
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kept}-{digest[:12]}"
