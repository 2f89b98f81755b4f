"""Damage to files: what is read afterwards is right, or one error says what is wrong with which."""

from kstar_gpu.files import DamagedFileError


def flipped(content, bits):
    """Yield the content with one of these bits turned, for each."""
    for bit in bits:
        other = bytearray(content)
        other[bit // 8] ^= 1 << bit % 8
        yield bytes(other)


def bits_of(content, step=1):
    """Return every so many of the bits, however long a byte is."""
    return range(0, 8 * len(content), step)


def noticed(read, path, variants, is_right):
    """Return how often damage was noticed and how often it did not matter; nothing else happens.

    Parameters
    ----------
    read : from a path to what is read, such as a result
    path : of a file
    variants : contents of the file
    is_right : whether what was read is what was written
    """
    written = path.read_bytes()
    harmless = 0
    messages = []
    for content in variants:
        path.write_bytes(content)
        try:
            result = read(path)
        except DamagedFileError as error:
            messages.append(str(error))
        else:
            assert is_right(result)
            harmless += 1
    path.write_bytes(written)
    assert all(message.startswith(f"{path}: ") for message in messages)
    return len(messages), harmless
